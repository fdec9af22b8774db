/** Answers as they compare: without absent fields, and whether an object has a prototype. */
export function plain(value: unknown, without: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, without));
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const members = Object.entries(value)
    .filter(([name, member]) => member !== undefined && !without.includes(name))
    .map(([name, member]) => [name, plain(member, without)] as const);
  return Object.fromEntries(members);
}
