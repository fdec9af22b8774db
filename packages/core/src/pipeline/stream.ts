/** A result that arrives in chunks. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function'
  );
}

/** What an async generator function returns, as opposed to any object that can be iterated. */
export function isAsyncGenerator(value: unknown): value is AsyncGenerator<unknown, unknown, unknown> {
  return isAsyncIterable(value) && Object.prototype.toString.call(value) === '[object AsyncGenerator]';
}

/** What happens with the parts of a stream. */
export interface StreamSteps {
  /** Waits for a step of the body; rejects when the call is over. */
  next(step: PromiseLike<IteratorResult<unknown, unknown>>): Promise<IteratorResult<unknown, unknown>>;
  /** What the model may see of a chunk or of the return value. */
  chunk(value: unknown): unknown;
  /** The body ended; `partial` when the consumer stopped it. Returns the return value to hand on. */
  ended(value: unknown, partial: boolean): Promise<unknown>;
  /** The body failed or was given up. Returns the error to throw. */
  failed(error: unknown): Promise<unknown>;
}

/**
 * The same stream with every chunk treated and its end recorded. Passes on what the consumer sends
 * and throws in, and ends the body when the consumer stops early.
 */
export async function* guardStream(
  source: AsyncIterable<unknown>,
  steps: StreamSteps,
): AsyncGenerator<unknown, unknown, unknown> {
  const body = source[Symbol.asyncIterator]();
  let over = false;
  let sent: unknown;
  try {
    let step = await steps.next(body.next());
    for (;;) {
      if (step.done === true) {
        over = true;
        return await steps.ended(step.value === undefined ? undefined : steps.chunk(step.value), false);
      }
      const chunk = steps.chunk(step.value);
      let thrown: { readonly error: unknown } | undefined;
      try {
        sent = yield chunk;
      } catch (error) {
        thrown = { error };
      }
      if (thrown === undefined) step = await steps.next(body.next(sent));
      else if (body.throw === undefined) throw thrown.error;
      else step = await steps.next(body.throw(thrown.error));
    }
  } catch (error) {
    if (over) throw error;
    over = true;
    // The body is asked to end, but a body that hangs must not hold up its caller.
    if (body.return !== undefined) void swallow(body.return(undefined));
    throw await steps.failed(error);
  } finally {
    if (!over) {
      await body.return?.(undefined);
      await steps.ended(undefined, true);
    }
  }
}

async function swallow(promise: PromiseLike<unknown>): Promise<void> {
  try {
    await promise;
  } catch {
    // Its failure was reported already.
  }
}
