/** A value, or the promise of one. */
export type MaybePromise<T> = T | PromiseLike<T>;

/**
 * The answer of a function, or the promise of one. TypeScript widens the word that
 * `async () => 'allow'` returns to `string`, so a promised text is accepted and checked when it comes.
 */
export type MaybePromiseAnswer<T> = T | PromiseLike<T | string>;

/**
 * A sequence of steps that yields only what has to be waited for. Written like an async function
 * (`yield*` for `await`), but as long as nothing is a promise it runs synchronously: tools keep
 * the shape of their results, and a call that waits for nothing costs no promise.
 */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** `await` inside {@link Steps}. */
export function* wait<T>(value: MaybePromise<T>): Steps<T> {
  // The driver sends back what the yielded promise resolved to, which TypeScript cannot express.
  return isThenable(value) ? ((yield value) as T) : value;
}

/** Runs the steps: synchronously while it can, as a promise from the first thing it waits for. */
export function drive<T>(steps: Steps<T>): MaybePromise<T> {
  return proceed(steps, steps.next());
}

/** {@link drive} from a step on that was taken already. */
export function proceed<T>(
  steps: Steps<T>,
  step: IteratorResult<PromiseLike<unknown>, T>,
): MaybePromise<T> {
  return step.done === true ? step.value : finish(steps, step);
}

async function finish<T>(
  steps: Steps<T>,
  first: IteratorResult<PromiseLike<unknown>, T>,
): Promise<T> {
  let step = first;
  while (step.done !== true) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}
