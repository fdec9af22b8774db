/**
 * `key` as an own property whatever it is called: assigning would call a setter that a prototype
 * has under that name, fail where a prototype is frozen, or change the prototype itself.
 */
export function defineOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (!(key in record)) record[key] = value;
  else
    Object.defineProperty(record, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
}
