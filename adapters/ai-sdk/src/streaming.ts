const AsyncFunction = (async () => undefined).constructor;
const AsyncGeneratorFunction = async function* () {}.constructor;

export function isAsyncFunction(value: unknown): boolean {
  return value instanceof AsyncFunction;
}

export function isAsyncGeneratorFunction(value: unknown): boolean {
  return value instanceof AsyncGeneratorFunction;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/**
 * A streaming tool keeps streaming although the guard may have to wait first. The SDK reads
 * preliminary values from what `execute` returns, so it has to be an iterable at once.
 */
export async function* generated(start: () => unknown): AsyncGenerator<unknown, unknown, unknown> {
  const result = await start();
  return isAsyncIterable(result)
    ? yield* result as AsyncGenerator<unknown, unknown, unknown>
    : result;
}

/**
 * A function that turned out to stream only after the guard had to wait: the SDK takes a promise
 * for the final value, so the stream is read to its end and its previews are lost. What the function
 * itself promised is a value for the SDK, whatever can be done with it.
 */
export function drained(start: (note: (result: unknown) => void) => unknown): unknown {
  let streams = false;
  const result = start((answered) => {
    streams = isAsyncIterable(answered);
  });
  if (!(result instanceof Promise)) return result;
  return result.then(async (value: unknown) => {
    if (!streams || !isAsyncIterable(value)) return value;
    let last: unknown;
    for await (const chunk of value) last = chunk;
    return last;
  });
}
