/**
 * Reads the values at a path such as `to`, `order.id` or `items[].url`: a list of them after `[]`. A
 * field that is absent is `undefined`. What has another shape than the path says is read whole, since
 * nobody knows what the tool makes of it.
 */
export function readerOf(path: string): (value: unknown) => unknown {
  const steps = path
    .replaceAll('[]', '.[]')
    .split('.')
    .filter((name) => name !== '');
  return (value) => read(value, steps, 0);
}

function read(value: unknown, steps: readonly string[], from: number): unknown {
  let at = value;
  for (let i = from; i < steps.length && at !== undefined && at !== null; i += 1) {
    const name = steps[i] as string; // within bounds
    if (name === '[]') return Array.isArray(at) ? at.map((item) => read(item, steps, i + 1)) : at;
    if (typeof at !== 'object' || Array.isArray(at)) return at;
    if (name in at) at = (at as Readonly<Record<string, unknown>>)[name];
    else return isPlain(at) ? undefined : at;
  }
  return at;
}

/** What is no record, such as a Map, may hold the field where nobody looks. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
