import { type Approver, GuardError } from '@guardstile/core';

import type { TerminalApproverOptions } from './terminal-approver.ts';

const KNOWN: readonly string[] = ['input', 'output', 'voter'] satisfies ReadonlyArray<
  keyof TerminalApproverOptions
>;

/**
 * Own properties only: a polluted prototype must not be able to name a voter.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function readOptions(given: TerminalApproverOptions): TerminalApproverOptions {
  const options: TerminalApproverOptions = Object.assign(Object.create(null) as object, given);
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) throw invalid(`"${key}" is not an option; use ${KNOWN.join(', ')}`);
  }
  const { voter } = options;
  return voter === undefined ? options : Object.assign(options, { voter: readVoter(voter) });
}

function readVoter(voter: unknown): NonNullable<Approver['voter']> {
  const own: { readonly id?: unknown; readonly roles?: unknown } = Object.assign(
    Object.create(null) as object,
    voter,
  );
  const { id, roles = [] } = own;
  if (typeof id !== 'string' || id === '' || !isTexts(roles)) {
    throw invalid('voter has to be somebody, as in { id: "ann", roles: ["finance"] }');
  }
  return Object.freeze({ id, roles: Object.freeze([...roles]) });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `terminalApprover: ${what}`);
}
