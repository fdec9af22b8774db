import { type Decision, deny } from '../decision.ts';
import { GuardError } from '../errors.ts';
import { readAnswer } from '../policy/answer.ts';
import { combine } from '../policy/combine.ts';
import type { Opinion } from '../policy/policy.ts';
import { isThenable, type Steps } from '../steps.ts';
import { argsDigest, type CallState } from './call-state.ts';
import { readLabels, setConfined } from './receive.ts';

/** Steps 3 to 5: confine, check, decide. Done again, with the same arguments, after an approval. */
export function* judge(state: CallState): Steps<Decision> {
  const { parts, context, waiting, input } = state;
  state.policy = parts.policy.digest(context);
  yield* readLabels(state);
  if (parts.sandbox.confine !== undefined) yield* confine(state);
  const asks = yield* parts.hooks.check(state.call, context, waiting, state.policy);
  const [denied] = asks;
  if (denied?.effect === 'deny') return denied;
  const opinion = yield* decide(state);
  const all = [opinion ?? deny(state.policy, 'the policy has no opinion'), ...asks];
  for (const demand of input.demands ?? []) {
    const source = { name: 'the framework', policy: state.policy, optional: false };
    const read = readAnswer(demand, source);
    if (read !== undefined) all.push(read);
  }
  const decision = all.length === 1 ? all[0] : combine(state.policy, all);
  return whole(state, decision ?? deny(state.policy, 'nothing decided'));
}

function* confine(state: CallState): Steps<void> {
  const { sandbox, storeTimeoutMs } = state.parts;
  const { call } = state;
  const confined = yield* state.waiting.for(
    sandbox.confine?.(call) ?? { args: call.confined },
    storeTimeoutMs,
    () => new GuardError('sandbox_refused', `the sandbox "${sandbox.name}" took too long`),
  );
  if ('args' in confined && Object.hasOwn(confined, 'args') && !('refused' in confined)) {
    if (confined.args !== call.confined) setConfined(state, confined.args);
    return;
  }
  const why = 'refused' in confined ? confined.refused : 'it gave no answer';
  throw new GuardError('sandbox_refused', `the sandbox "${sandbox.name}" refuses the arguments: ${why}`);
}

function* decide(state: CallState): Steps<Opinion> {
  const { parts, tool, context, waiting } = state;
  const { ruling } = tool;
  if (typeof ruling !== 'function') return ruling;
  const late = (): GuardError =>
    new GuardError('policy_error', `the policy did not answer within ${parts.policyTimeoutMs} ms`);
  try {
    const opinion = ruling(state.call, context);
    return isThenable(opinion) ? yield* waiting.for(opinion, parts.policyTimeoutMs, late) : opinion;
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GuardError('policy_error', `the policy failed: ${why}`, { cause });
  }
}

/** Names the whole policy, not the part of it that decided. */
function whole(state: CallState, decision: Decision): Decision {
  return decision.policy === state.policy ? decision : Object.freeze({ ...decision, policy: state.policy });
}

/** Steps 3 to 5 after an approval: the arguments have to come out as they were approved. */
export function* judgeAgain(state: CallState): Steps<Decision> {
  const approved = argsDigest(state);
  // Confinement starts over from the arguments as they came, so that it resolves them anew.
  state.call = Object.freeze({ ...state.call, confined: state.call.args });
  const decision = yield* judge(state);
  if (argsDigest(state) === approved) return decision;
  throw new GuardError(
    'approval_invalid',
    'what the arguments resolve to has changed since they were approved; ask again',
  );
}
