/** Reads the values at a path such as `to`, `order.id` or `items[].url`: a list of them after `[]`. */
export function readerOf(path: string): (value: unknown) => unknown {
  const steps = path
    .replaceAll('[]', '.[]')
    .split('.')
    .filter((name) => name !== '');
  return (value) => read(value, steps, 0);
}

function read(value: unknown, steps: readonly string[], from: number): unknown {
  let at = value;
  for (let i = from; i < steps.length; i += 1) {
    const name = steps[i] as string; // within bounds
    if (name === '[]') {
      // What should be a list and is none is looked at all the same.
      return Array.isArray(at)
        ? at.map((item) => read(item, steps, i + 1))
        : read(at, steps, i + 1);
    }
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name]; // its own field
  }
  return at;
}
