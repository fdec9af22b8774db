/** Whether something holds; `undefined` where that cannot be told. */
export type Truth = boolean | undefined;

/** Holds when all hold; one that does not hold settles it. */
export function all<T>(items: readonly T[], test: (item: T) => Truth): Truth {
  let result: Truth = true;
  for (const item of items) {
    const truth = test(item);
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}

/** Holds when one holds, whatever cannot be told of the others. */
export function any<T>(items: readonly T[], test: (item: T) => Truth): Truth {
  let result: Truth = false;
  for (const item of items) {
    const truth = test(item);
    if (truth === true) return true;
    if (truth === undefined) result = undefined;
  }
  return result;
}

export function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

/** What several readings of the same thing agree on. */
export function agreed(readings: readonly Truth[]): Truth {
  const [first] = readings;
  return readings.every((reading) => reading === first) ? first : undefined;
}
