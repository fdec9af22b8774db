import { deny, type DenyDecision } from '../decision.ts';
import { GuardError, type GuardErrorCode, isGuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import { announce } from './announce.ts';
import { argsDigest, type CallState, eventBase, PATIENT, storedArgs } from './call-state.ts';
import { followEnd } from './follow-flow.ts';
import { record } from './record.ts';
import { finishUp } from './trail.ts';

/** A step that failed is a denial. */
export function denialOf(state: CallState, error: unknown): DenyDecision {
  const message = messageOf(error);
  if (!isGuardError(error))
    return deny(state.policy, `the guard failed: ${message}`, 'policy_error');
  const { code, rule } = error;
  return deny(state.policy, message, code, rule === undefined ? {} : { rule });
}

/** What can be done about a denial that a policy or a hook decided. */
const HINTS: Partial<Record<GuardErrorCode, string>> = {
  denied: 'do not call it again with these arguments; the policy decides what may run',
  policy_error: 'mend the policy',
  hook_error: 'mend the hook',
};

/** A denial on its way to the edge, where it becomes the error that the caller sees. */
export function denied(state: CallState, decision: DenyDecision): GuardError {
  state.denial = decision;
  const { code, reason, rule } = decision;
  const what = code === 'denied' ? `denied: ${reason}` : reason;
  const hint = state.failure === undefined ? HINTS[code] : undefined;
  const cause = causeOf(state.failure);
  return new GuardError(code, hint === undefined ? what : `${what}; ${hint}`, {
    ...(rule === undefined ? {} : { rule }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Nothing ran: writes the denial down, tells everybody, and gives the error for the caller. */
export function* refuse(state: CallState, error: unknown): Steps<GuardError> {
  const { events, redactor } = state.parts;
  followEnd(state);
  const decision = state.denial ?? denialOf(state, error);
  const message = redactor.text(decision.reason);
  yield* finishUp(state, recordDenial(state, decision));
  announce(state, decision);
  events.emit('error', () => ({ ...eventBase(state), code: decision.code, message }));
  return refused(state, error);
}

function* recordDenial(state: CallState, { code, reason, rule }: DenyDecision): Steps<void> {
  const { call, parts } = state;
  const args = call.confined === undefined ? undefined : storedArgs(state);
  try {
    yield* record(state, PATIENT, {
      kind: 'decision',
      action: 'tool.deny',
      code,
      policy: state.policy,
      reason: parts.redactor.text(reason),
      ...(rule === undefined ? {} : { rule }),
      ...(args === undefined ? {} : { digest: argsDigest(state), args }),
      ...(call.labels.length === 0 ? {} : { labels: call.labels }),
    });
  } catch (failure) {
    parts.logger?.warn(
      `${call.tool.name}: its denial could not be recorded: ${messageOf(failure)}`,
    );
  }
}

/** The error for the caller of a tool that did not run. */
export function refused(state: CallState, error: unknown): GuardError {
  const { redactor, logger } = state.parts;
  const { name } = state.call.tool;
  const { code, reason, rule } = denialOf(state, error);
  const aid = isGuardError(error) ? error.aid : undefined;
  const cause = causeOf(error);
  const told = new GuardError(code, redactor.text(reason), {
    tool: name,
    rid: state.rid,
    ...(aid === undefined ? {} : { aid }),
    ...(rule === undefined ? {} : { rule }),
    ...(cause === undefined ? {} : { cause }),
  });
  logger?.info(messageOf(told), { rid: state.rid, code });
  return told;
}

/** What went wrong underneath: an error of the guard is said again with the tool's name. */
function causeOf(error: unknown): unknown {
  return isGuardError(error) ? error.cause : error;
}
