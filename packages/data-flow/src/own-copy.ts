/** A copy of plain data that nobody can change, with nothing but its own fields. */
export function ownCopy<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(ownCopy)) as T; // of the same
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.entries(value).filter(([, field]) => field !== undefined);
  const copy = own.map(([name, field]) => [name, ownCopy(field as unknown)] as const);
  return Object.freeze(withEntries(copy)) as T; // with the same fields
}

function withEntries(entries: ReadonlyArray<readonly [string, unknown]>): object {
  const record = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}
