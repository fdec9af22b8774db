import type { Approval } from '../approvals/approval.ts';
import { GuardError } from '../errors.ts';
import type { CallState } from './call-state.ts';
import { setArgs } from './receive.ts';

/**
 * The arguments as they were asked for. Where the store keeps none they came along with the call,
 * and are checked when the approval is consumed; cosmetic fields, which no digest covers, cannot be.
 */
export function takeStored(state: CallState, { args }: Approval): void {
  if (args !== undefined) return setArgs(state, args);
  if (state.tool.cosmetic.length === 0) return;
  throw new GuardError(
    'approval_store_error',
    'the store keeps no arguments, so nobody can say which remarks were shown; use one that keeps them for tools with cosmetic fields',
  );
}
