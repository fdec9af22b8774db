import { digest } from '../digest.ts';
import { GuardError, isGuardError } from '../errors.ts';
import { parseArgs, type ToolSchema } from '../schema.ts';
import { snapshot } from '../snapshot.ts';
import type { Steps } from '../steps.ts';
import { abortedError, type CallState, currentPolicy, viewOf } from './call-state.ts';
import { messageOf } from '../message-of.ts';

/** Step 1: takes the call in. */
export function receive(state: CallState): void {
  const { parts, context, input } = state;
  state.policy = currentPolicy(state);
  if (parts.closed) throw new GuardError('closed', 'the guard was closed; create a new one');
  if (context.signal?.aborted === true) throw abortedError(context.signal);
  setArgs(state, input.args);
  state.received = state.call.args;
}

/** From here on this copy is what is decided on; nobody else holds it. */
function setArgs(state: CallState, given: unknown): void {
  const { value, thawed } = snapshot(given, state.parts.argumentLimits);
  state.thawed = thawed;
  state.call = Object.freeze({ ...state.call, args: value, confined: value });
}

/** Replaces what the tool will receive. */
export function setConfined(state: CallState, given: unknown): void {
  const { value, thawed } = snapshot(given, state.parts.argumentLimits);
  state.thawed ||= thawed;
  state.call = Object.freeze({ ...state.call, confined: value });
}

/** Whether step 2 has anything to do. */
export function changesArgs({ parts, tool, input, resumed }: CallState): boolean {
  const parses = tool.schema !== undefined && !input.parsed;
  return resumed !== undefined || parts.hooks.rewriting || parses;
}

/** Step 2: rewriting hooks, then the schema, once. On a resume the approved arguments are taken. */
export function* rewriteAndParse(state: CallState): Steps<void> {
  if (state.resumed !== undefined) return setArgs(state, state.resumed.args);
  const rewritten = yield* rewrite(state);
  const { schema } = state.tool;
  if (schema === undefined || (state.input.parsed && !rewritten)) return undefined;
  const parsed = yield* parse(state, schema);
  if (state.input.parsed) return refuseAmbiguity(state, parsed);
  return setArgs(state, parsed);
}

/** Every hook sees what the ones before it made of the arguments. */
function* rewrite(state: CallState): Steps<boolean> {
  const { parts, context, waiting } = state;
  let rewritten = false;
  if (!parts.hooks.rewriting) return rewritten;
  yield* parts.hooks.rewrite(
    () => viewOf(state),
    context,
    waiting,
    (args) => {
      rewritten = true;
      setArgs(state, args);
    },
  );
  return rewritten;
}

function* parse(state: CallState, schema: ToolSchema): Steps<unknown> {
  const { policyTimeoutMs } = state.parts;
  try {
    return yield* state.waiting.for(
      parseArgs(schema, viewOf(state).args),
      policyTimeoutMs,
      () => new Error(`it took longer than ${policyTimeoutMs} ms`),
    );
  } catch (cause) {
    if (isGuardError(cause)) throw cause;
    throw new GuardError(
      'args_invalid',
      `its schema failed on the arguments: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
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
