import type { Parts } from '../guard-options.ts';
import type { Logger } from '../logger.ts';
import { messageOf } from '../message-of.ts';
import { drive, isThenable, type MaybePromise, type Steps } from '../steps.ts';
import type { CallState } from './call-state.ts';

type Trailing = Pick<Parts, 'trailing' | 'logger'>;

/** Goes on behind the call; the guard's `close()` waits for it. Failures go to the logger. */
export function trail(parts: Trailing, steps: Steps<void>): void {
  void start(parts, steps);
}

/** What is left to do once nothing can change any more. An aborted call does not wait for it. */
export function* finishUp(state: CallState, steps: Steps<void>): Steps<void> {
  const going = start(state.parts, steps);
  if (going === undefined) return;
  try {
    // Each step has a time limit of its own.
    yield* state.waiting.for(going, Number.POSITIVE_INFINITY, () => undefined);
  } catch {
    // Aborted: it goes on behind the call.
  }
}

/** A promise of the end of steps that have to wait; it never rejects. */
function start({ trailing, logger }: Trailing, steps: Steps<void>): Promise<void> | undefined {
  let going: MaybePromise<void>;
  try {
    going = drive(steps);
  } catch (error) {
    logger?.warn(messageOf(error));
    return undefined;
  }
  if (!isThenable(going)) return undefined;
  const ended = end(going, logger).then(() => {
    trailing.delete(ended);
  });
  trailing.add(ended);
  return ended;
}

async function end(going: PromiseLike<unknown>, logger: Logger | undefined): Promise<void> {
  try {
    await going;
  } catch (error) {
    logger?.warn(messageOf(error));
  }
}
