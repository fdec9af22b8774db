import { drive, isThenable, type Steps } from '../steps.ts';
import type { CallState } from './call-state.ts';
import { messageOf } from '../message-of.ts';

/** Goes on behind the call; the guard's `close()` waits for it. Failures go to the logger. */
export function trail(state: CallState, steps: Steps<void>): PromiseLike<void> | undefined {
  const { trailing, logger } = state.parts;
  const warn = (error: unknown): void => logger?.warn(messageOf(error));
  let going: PromiseLike<void>;
  try {
    const first = drive(steps);
    if (!isThenable(first)) return undefined;
    going = first;
  } catch (error) {
    warn(error);
    return undefined;
  }
  const done = going.then(undefined, warn).then(() => {
    trailing.delete(done);
  });
  trailing.add(done);
  return done;
}

/** What is left to do once nothing can change any more. An aborted call does not wait for it. */
export function* finishUp(state: CallState, steps: Steps<void>): Steps<void> {
  const going = trail(state, steps);
  if (going === undefined) return;
  try {
    // Each step has a time limit of its own.
    yield* state.waiting.for(going, Number.POSITIVE_INFINITY, () => undefined);
  } catch {
    // Aborted: it goes on behind the call.
  }
}
