/** The value at a path such as `to`, `order.id` or `items[].url`; a list of them after `[]`. */
export function readPath(value: unknown, path: string): unknown {
  const steps = path
    .replaceAll('[]', '.[]')
    .split('.')
    .filter((name) => name !== '');
  return steps.reduce<unknown>(
    (at, name, i) =>
      name === '[]' || steps.slice(0, i).includes('[]') ? eachOf(at, name) : fieldOf(at, name),
    value,
  );
}

function eachOf(value: unknown, name: string): unknown {
  if (!Array.isArray(value)) return value;
  return name === '[]' ? value.flat() : value.map((item) => fieldOf(item, name));
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name]; // its own field
}
