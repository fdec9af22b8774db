import type { CallContext } from '../call.ts';
import type { Decision } from '../decision.ts';
import { digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import { parseArgs } from '../schema.ts';
import { snapshot } from '../snapshot.ts';
import type { Steps } from '../steps.ts';
import { wait } from '../steps.ts';
import { abortedError, type CallState, eventBase, sessionOf, storedArgs } from './call-state.ts';

/** Step 1: takes the call in. Answers the decision for a tool that is denied whatever is asked. */
export function receive(state: CallState): Decision | undefined {
  const { parts, context, tool } = state;
  if (parts.closed) {
    throw new GuardError('closed', 'the guard was closed; create a new one');
  }
  if (context.signal?.aborted === true) throw abortedError(context.signal);
  setArgs(state, state.input.args);
  parts.events.emit('call', () => ({ ...eventBase(state), args: storedArgs(state) }));
  const { ruling } = tool;
  return typeof ruling === 'object' && ruling.effect === 'deny' ? ruling : undefined;
}

/** From here on `args` is what is decided on; nobody else holds this copy. */
function setArgs(state: CallState, args: unknown): void {
  const taken = snapshot(args, state.parts.argumentLimits);
  // What freezing does not protect is shown as a second copy, so that the first stays as it is.
  const shown = taken.thawed ? snapshot(taken.value, state.parts.argumentLimits).value : taken.value;
  state.held = taken.value;
  state.call = Object.freeze({ ...state.call, args: shown, confined: shown });
}

/** Replaces what the tool will receive. */
export function setConfined(state: CallState, confined: unknown): void {
  const { args } = state.call;
  setArgs(state, confined);
  state.call = Object.freeze({ ...state.call, args });
}

/** Step 2: rewriting hooks, then the schema, once. On a resume the approved arguments are taken. */
export function* rewriteAndParse(state: CallState): Steps<void> {
  if (state.resumed !== undefined) return setArgs(state, state.resumed.args);
  const { parts, tool, input, context, waiting } = state;
  const { schema } = tool.spec;
  const rewritten = parts.hooks.rewriting
    ? yield* parts.hooks.rewrite(state.call, context, waiting)
    : undefined;
  if (rewritten !== undefined) setArgs(state, rewritten.args);
  if (schema === undefined || (input.parsed === true && rewritten === undefined)) return undefined;
  const parsed = yield* waiting.for(
    parseArgs(schema, state.call.args),
    parts.policyTimeoutMs,
    () => new GuardError('args_invalid', 'its schema took too long to parse the arguments'),
  );
  if (input.parsed === true) return refuseAmbiguity(state, parsed);
  return setArgs(state, parsed);
}

/**
 * The framework parsed the arguments before the guard saw them, so a rewrite replaces parsed
 * values. Where parsing changes them again, nobody can tell which were meant.
 */
function refuseAmbiguity(state: CallState, parsed: unknown): void {
  const again = snapshot(parsed, state.parts.argumentLimits).value;
  if (digest('args', again) === digest('args', state.call.args)) return;
  throw new GuardError(
    'rewrite_ambiguous',
    "a hook rewrote arguments that the framework had parsed, and the tool's schema would change them again; rewrite to values that the schema leaves as they are",
  );
}

/** The labels of the session so far. */
export function* readLabels(state: CallState): Steps<void> {
  const labels = yield* wait(state.parts.labels.get(sessionOf(state.context as CallContext)));
  if (labels.length > 0) state.call = Object.freeze({ ...state.call, labels: Object.freeze([...labels]) });
}
