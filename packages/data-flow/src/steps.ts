import type { MaybePromise } from '@guardstile/core';

/**
 * Written like an async function (`yield*` for `await`), and synchronous as long as nothing is a
 * promise: a synchronous tool stays one where the memory is not kept elsewhere.
 */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

/** `await` inside of {@link Steps}. */
export function* wait<T>(value: MaybePromise<T>): Steps<T> {
  // The driver sends back what the yielded promise resolved to, which TypeScript cannot express.
  return isThenable(value) ? ((yield value) as T) : value;
}

export function run<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : goOn(steps, first.value);
}

async function goOn<T>(steps: Steps<T>, first: PromiseLike<unknown>): Promise<T> {
  let waited = first;
  for (;;) {
    const next = await settled(steps, waited);
    if (next.done === true) return next.value;
    waited = next.value;
  }
}

async function settled<T>(
  steps: Steps<T>,
  waited: PromiseLike<unknown>,
): Promise<IteratorResult<PromiseLike<unknown>, T>> {
  let value: unknown;
  try {
    value = await waited;
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(value);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
