import { type Decision, deny, type DenyDecision } from '../decision.ts';
import { GuardError, type GuardErrorCode, isGuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import { admit } from './admit.ts';
import { openApproval, resumeKey, settleAsk, store } from './ask.ts';
import { argsDigest, type CallState, eventBase, PATIENT, storedArgs } from './call-state.ts';
import { messageOf } from './conclude.ts';
import { judge } from './judge.ts';
import { receive, rewriteAndParse } from './receive.ts';
import { record } from './record.ts';
import { type Execute, runBody } from './run-body.ts';

// The one order of things. Each step lives in a file of its own; this file says what follows what.

/** Steps 1 to 5: the verdict. Whatever fails on the way is a denial. */
export function* decideCall(state: CallState): Steps<Decision> {
  try {
    const fixed = receive(state); // 1
    if (fixed !== undefined) return fixed;
    yield* findResumed(state);
    yield* rewriteAndParse(state); // 2
    return yield* judge(state); // 3, 4, 5
  } catch (error) {
    return denialOf(state, error);
  }
}

/** Steps 1 to 10: the whole call. */
export function* runCall(state: CallState, execute: Execute<unknown>): Steps<unknown> {
  try {
    const verdict = yield* decideCall(state); // 1 to 5
    if (verdict.effect === 'deny') throw denied(verdict);
    if (verdict.effect === 'ask') announce(state, verdict);
    const settled =
      verdict.effect === 'ask'
        ? yield* settleAsk(state, verdict) // 6
        : { decision: verdict, approval: undefined };
    if (settled.decision.effect === 'deny') throw denied(settled.decision);
    const admission = yield* admit(state, settled); // 7
    announce(state, { ...settled.decision, effect: 'allow' });
    return yield* runBody(state, admission, execute); // 8, 9, 10
  } catch (error) {
    if (state.started) throw error;
    throw yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 5, and where a person has to be asked, the approval is opened but not waited for. */
export function* openCall(state: CallState): Steps<Decision> {
  try {
    const verdict = yield* decideCall(state);
    if (verdict.effect === 'ask') {
      announce(state, verdict);
      yield* openApproval(state, verdict);
    }
    return verdict;
  } catch (error) {
    return denialOf(state, error);
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 5 alone, told to listeners like any other check. */
export function* checkCall(state: CallState): Steps<Decision> {
  try {
    const verdict = yield* decideCall(state);
    announce(state, verdict);
    return verdict;
  } finally {
    state.waiting.end();
  }
}

/** The approval that an answer of the framework is about, if this guard opened one. */
function* findResumed(state: CallState): Steps<void> {
  if (state.input.answer === undefined) return;
  const key = resumeKey(state, state.input.args);
  const approval = yield* store(state, state.parts.approvals.find(key));
  if (approval === undefined) return;
  state.resumed = approval;
  state.rid = approval.rid;
  state.call = Object.freeze({ ...state.call, rid: approval.rid });
}

function announce(state: CallState, decision: Decision): void {
  const { events, redactor } = state.parts;
  const { effect, reason, rule } = decision;
  events.emit('decision', () => ({
    ...eventBase(state),
    effect,
    reason: redactor.text(reason),
    ...(rule === undefined ? {} : { rule }),
    ...(effect === 'deny' ? { code: decision.code } : {}),
    args: storedArgs(state),
  }));
}

function denialOf(state: CallState, error: unknown): DenyDecision {
  state.failure = error;
  if (!isGuardError(error)) {
    return deny(state.policy, `the guard failed: ${messageOf(error)}`, 'policy_error');
  }
  return deny(state.policy, error.message, error.code, error.rule === undefined ? {} : { rule: error.rule });
}

const HINTS: Partial<Record<GuardErrorCode, string>> = {
  denied: 'do not call it again with these arguments; the policy decides what may run',
  policy_error: 'mend the policy',
  hook_error: 'mend the hook',
};

/** A denial on its way to the edge, where it becomes the error that the caller sees. */
function denied(decision: DenyDecision): GuardError {
  const hint = HINTS[decision.code];
  const what = decision.code === 'denied' ? `denied: ${decision.reason}` : decision.reason;
  return new GuardError(
    decision.code,
    hint === undefined ? what : `${what}; ${hint}`,
    decision.rule === undefined ? {} : { rule: decision.rule },
  );
}

/** Nothing ran: writes the refusal down, tells, and gives the error for the caller. */
function* refuse(state: CallState, error: unknown): Steps<GuardError> {
  const decision = denialOf(state, error);
  const { parts, call } = state;
  const { name } = call.tool;
  const reason = parts.redactor.text(decision.reason);
  try {
    yield* record(state, PATIENT, {
      kind: 'decision',
      action: 'tool.deny',
      code: decision.code,
      policy: state.policy,
      reason,
      ...(decision.rule === undefined ? {} : { rule: decision.rule }),
      ...(call.confined === undefined ? {} : { digest: argsDigest(state), args: storedArgs(state) }),
    });
  } catch (failure) {
    parts.logger?.warn(`${name}: its denial could not be recorded: ${messageOf(failure)}`);
  }
  announce(state, decision);
  parts.events.emit('error', () => ({ ...eventBase(state), code: decision.code, message: reason }));
  parts.logger?.info(`${name} was denied: ${reason}`, { rid: state.rid, code: decision.code });
  const cause = isGuardError(error) ? (error.cause ?? state.failure) : error;
  return new GuardError(decision.code, parts.redactor.text(decision.reason), {
    tool: name,
    rid: state.rid,
    ...(isGuardError(error) && error.aid !== undefined ? { aid: error.aid } : {}),
    ...(decision.rule === undefined ? {} : { rule: decision.rule }),
    ...(cause === undefined || cause === error ? {} : { cause }),
  });
}
