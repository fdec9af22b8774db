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
export function setArgs(state: CallState, given: unknown): void {
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

/** What the tool's schema makes of the arguments. */
export function* parse(state: CallState, schema: ToolSchema): Steps<unknown> {
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
