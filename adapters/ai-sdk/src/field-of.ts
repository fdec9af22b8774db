export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** An own field of what may be anything: names come from a model, a client or a server. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** What a record says of a name itself. */
export function ownOf<T>(
  record: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
