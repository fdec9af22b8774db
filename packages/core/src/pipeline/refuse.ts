import { type Decision, deny, type DenyDecision } from '../decision.ts';
import { GuardError, type GuardErrorCode, isGuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import { announce } from './announce.ts';
import { argsDigest, type CallState, eventBase, PATIENT, storedArgs } from './call-state.ts';
import { record } from './record.ts';
import { finishUp } from './trail.ts';

/** A step that failed is a denial. */
export function denialOf(state: CallState, error: unknown): DenyDecision {
  if (!isGuardError(error)) {
    return deny(state.policy, `the guard failed: ${messageOf(error)}`, 'policy_error');
  }
  const { message, code, rule } = error;
  return deny(state.policy, message, code, rule === undefined ? {} : { rule });
}

/** What a caller can do about a denial that is a policy's or a hook's own. */
const HINTS: Partial<Record<GuardErrorCode, string>> = {
  denied: 'do not call it again with these arguments; the policy decides what may run',
  policy_error: 'mend the policy',
  hook_error: 'mend the hook',
};

/** Nothing ran: writes the denial down, tells everybody, and gives the error for the caller. */
export function* refuse(state: CallState, error: unknown): Steps<GuardError> {
  return yield* refuseDecision(state, denialOf(state, error), error);
}

/** The same for a decision that denies. */
export function* refuseDecision(
  state: CallState,
  decision: DenyDecision,
  cause: unknown = state.failure,
): Steps<GuardError> {
  yield* finishUp(state, recordDenial(state, decision));
  announce(state, decision);
  const error = refusedWith(state, decision, cause);
  state.parts.events.emit('error', () => ({
    ...eventBase(state),
    code: error.code,
    message: error.message,
  }));
  return error;
}
