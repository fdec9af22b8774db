export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** An own field of what may be anything. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
