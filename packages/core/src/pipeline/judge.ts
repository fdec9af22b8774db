import { type Decision, deny } from '../decision.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { readOpinion } from '../opinion.ts';
import { readAnswer } from '../policy/answer.ts';
import { combine } from '../policy/combine.ts';
import type { Opinion } from '../policy/policy.ts';
import type { Confinement } from '../sandbox/sandbox.ts';
import { isThenable, type Steps } from '../steps.ts';
import { isInterruption } from '../waiting.ts';
import { argsDigest, type CallState, currentPolicy, sessionOf, viewOf } from './call-state.ts';
import { readFlow } from './follow-flow.ts';
import { setConfined } from './receive.ts';

/** Steps 3 to 5: confine, check, decide. Done again, with the same arguments, after an approval. */
export function* judge(state: CallState): Steps<Decision> {
  const { parts, context, waiting, input } = state;
  state.policy = currentPolicy(state);
  yield* readLabels(state);
  yield* confine(state);
  const opinions = parts.hooks.checking
    ? yield* parts.hooks.check(() => viewOf(state), context, waiting, state.policy)
    : NONE;
  const [denied] = opinions;
  if (denied?.effect === 'deny') return denied;
  const opinion = (yield* decide(state)) ?? deny(state.policy, 'the policy has no opinion');
  if (opinions.length === 0 && input.demands.length === 0) return whole(state, opinion);
  const all = [opinion, ...opinions];
  for (const demand of input.demands) {
    const source = { name: 'the framework', policy: state.policy, optional: false };
    const read = readAnswer(demand, source);
    if (read !== undefined) all.push(read);
  }
  return whole(state, combine(state.policy, all));
}

const NONE: readonly Decision[] = Object.freeze([]);

/** The labels of the session so far. */
function* readLabels(state: CallState): Steps<void> {
  const { parts, context, waiting } = state;
  let labels: readonly string[];
  try {
    labels = yield* waiting.for(
      parts.labels.get(sessionOf(context)),
      parts.storeTimeoutMs,
      () => new Error(`it took longer than ${parts.storeTimeoutMs} ms`),
    );
    if (!isTexts(labels)) throw new Error('it answered no list of labels');
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    throw new GuardError(
      'policy_error',
      `the labels "${parts.labels.name}" failed (${messageOf(cause)}), and nothing is decided without them; mend the store and call again`,
      { cause },
    );
  }
  if (labels.length === 0 && state.call.labels.length === 0) return;
  state.call = Object.freeze({ ...state.call, labels: Object.freeze([...labels]) });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Step 3: the arguments as the tool will receive them. */
export function* confine(state: CallState): Steps<void> {
  const { sandbox, storeTimeoutMs } = state.parts;
  if (sandbox.confine === undefined) return;
  const call = viewOf(state);
  let answer: Confinement | undefined;
  try {
    answer = yield* state.waiting.for(
      sandbox.confine(call),
      storeTimeoutMs,
      () => new Error(`it took longer than ${storeTimeoutMs} ms`),
    );
  } catch (cause) {
    if (isInterruption(cause)) throw cause;
    throw refused(sandbox.name, messageOf(cause), cause);
  }
  if (!isObject(answer)) throw refused(sandbox.name, 'it gave no answer');
  if (Object.hasOwn(answer, 'refused') || !Object.hasOwn(answer, 'args')) {
    throw refused(sandbox.name, 'refused' in answer ? answer.refused : 'it gave no answer');
  }
  const { args } = answer as { readonly args: unknown }; // its own, see above
  if (args !== call.confined) setConfined(state, args);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function refused(sandbox: string, why: string, cause?: unknown): GuardError {
  return new GuardError(
    'sandbox_refused',
    `the sandbox "${sandbox}" refuses the arguments: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function* decide(state: CallState): Steps<Opinion> {
  const { parts, tool, context, waiting } = state;
  const { ruling } = tool;
  if (typeof ruling !== 'function') return ruling;
  const late = (): GuardError =>
    new GuardError('policy_error', `the policy did not answer within ${parts.policyTimeoutMs} ms`);
  try {
    const answer = ruling(viewOf(state), context);
    const opinion = isThenable(answer)
      ? yield* waiting.for(answer, parts.policyTimeoutMs, late)
      : answer;
    return readOpinion(opinion, parts.policy.name, state.policy);
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    throw new GuardError('policy_error', `the policy failed: ${messageOf(cause)}`, { cause });
  }
}

/** Names the whole policy, not the part of it that decided. */
function whole(state: CallState, decision: Decision): Decision {
  return decision.policy === state.policy
    ? decision
    : Object.freeze({ ...decision, policy: state.policy });
}

/** Steps 3 to 5 after an approval: the arguments have to come out as they were approved. */
export function* judgeAgain(state: CallState): Steps<Decision> {
  const approved = argsDigest(state);
  // Confinement starts over from the arguments as they came, so that it resolves them anew.
  state.call = Object.freeze({ ...state.call, confined: state.call.args });
  if (state.parts.dataFlow !== undefined) yield* readFlow(state);
  const decision = yield* judge(state);
  if (argsDigest(state) === approved) return decision;
  throw new GuardError(
    'approval_invalid',
    'what the arguments resolve to has changed since they were approved; ask again',
  );
}
