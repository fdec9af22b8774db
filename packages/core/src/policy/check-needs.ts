import { DURABILITIES } from '../audit/log.ts';
import { GuardError } from '../errors.ts';
import type { Parts } from '../guard-options.ts';
import { weakerThan } from '../sandbox/guarantees.ts';
import type { Policy } from './policy.ts';

/**
 * A demand that no part of the guard can honour would deny every call: it is said at once.
 *
 * @throws {GuardError} `policy_invalid`.
 */
export function checkNeeds(
  { name, needs = {} }: Pick<Policy, 'name' | 'needs'>,
  { audit, sandbox, dataFlow }: Pick<Parts, 'audit' | 'sandbox' | 'dataFlow'>,
): void {
  const refused = (what: string): GuardError =>
    new GuardError('policy_invalid', `the policy "${name}" requires ${what}`);
  const weaker = weakerThan(sandbox.guarantees, needs.sandbox ?? {});
  if (weaker !== undefined) {
    throw refused(
      `${weaker}: "${needs.sandbox?.[weaker]}", and the sandbox "${sandbox.name}" offers "${sandbox.guarantees[weaker]}"; pass createGuard({ sandbox }) a stronger one`,
    );
  }
  if (needs.dataFlow === true && dataFlow === undefined) {
    throw refused(
      'to know where values came from; pass createGuard({ dataFlow: createDataFlow() })',
    );
  }
  const { durability } = needs;
  if (durability === undefined) return;
  const offered = audit?.durability;
  if (offered !== undefined && rank(offered) >= rank(durability)) return;
  throw refused(
    `a log of durability "${durability}", and this one offers "${offered ?? 'none'}"; pass createGuard({ audit }) another one`,
  );
}

function rank(durability: (typeof DURABILITIES)[number]): number {
  return DURABILITIES.indexOf(durability);
}
