import { type Approver, GuardError, ownOptions } from '@guardstile/core';

import type { TerminalApproverOptions } from './terminal-approver.ts';

const KNOWN = ['input', 'output', 'voter'] as const satisfies ReadonlyArray<
  keyof TerminalApproverOptions
>;

/**
 * Own properties only: a polluted prototype must not be able to name a voter.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function readOptions(given: TerminalApproverOptions): TerminalApproverOptions {
  const options = ownOptions('terminalApprover', given, KNOWN, 'options_invalid');
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
