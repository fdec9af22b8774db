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

/** The items of a list; none of what is no list. */
export function itemsOf(list: unknown): readonly unknown[] {
  try {
    // Read once: what a proxy says may change.
    return Array.isArray(list)
      ? Array.from({ length: list.length }, (_, at) => dataOf(list, at))
      : NOTHING;
  } catch {
    return NOTHING;
  }
}
