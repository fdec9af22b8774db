import { type ApprovalRequest, type ApproverAnswer, GuardError } from '@guardstile/core';

import { namesApprovers } from './names-approvers.ts';

const VARIABLE = 'GUARDSTILE_AUTO_APPROVE';
const ON: readonly string[] = ['1', 'true'];
const OFF: readonly string[] = ['', '0', 'false'];

/**
 * Whether `GUARDSTILE_AUTO_APPROVE` stands in for the person at the terminal.
 *
 * @throws {GuardError} `options_invalid` for a value that is neither on nor off.
 */
export function readAutoApprove(): boolean {
  const value = process.env[VARIABLE] ?? '';
  if (ON.includes(value)) return true;
  if (OFF.includes(value)) return false;
  throw new GuardError(
    'options_invalid',
    `${VARIABLE} is ${JSON.stringify(value)}; set it to 1 or true to approve without a person, or unset it`,
  );
}

/** Approves what the requester could confirm. Hidden values are revealed first, which is audited. */
export async function autoApprove(request: ApprovalRequest): Promise<ApproverAnswer> {
  if (namesApprovers(request.requirements)) {
    return { verdict: 'abstain', note: `${VARIABLE} does not answer for approvers who are named` };
  }
  if (request.hidden.length > 0) await request.reveal();
  return { verdict: 'approve', note: `${VARIABLE} is set; no person was asked` };
}
