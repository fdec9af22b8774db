const NOTHING: readonly never[] = Object.freeze([]);

/** An own field that is data. An accessor could tell the guard something else than the model. */
export function dataOf(value: unknown, name: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(value, name)?.value;
  } catch {
    return undefined;
  }
}

/** The items of a list, each read once; none of what is no list, or of one that fails. */
export function itemsOf(list: unknown): readonly unknown[] {
  try {
    return Array.isArray(list) ? Array.from<unknown>(list) : NOTHING;
  } catch {
    return NOTHING;
  }
}
