/** How strongly something is confined, from not at all to by the operating system. */
export type GuaranteeLevel = 'none' | 'args' | 'runtime' | 'interpreter' | 'os';

/** What a sandbox guarantees, per dimension. */
export interface Guarantees {
  readonly files: GuaranteeLevel;
  readonly network: GuaranteeLevel;
  readonly processes: GuaranteeLevel;
  readonly environment: GuaranteeLevel;
  readonly memory: GuaranteeLevel;
  readonly cpu: GuaranteeLevel;
  readonly time: GuaranteeLevel;
}

export const DIMENSIONS: ReadonlyArray<keyof Guarantees> = Object.freeze([
  'files',
  'network',
  'processes',
  'environment',
  'memory',
  'cpu',
  'time',
]);

export const GUARANTEE_LEVELS: readonly GuaranteeLevel[] = Object.freeze([
  'none',
  'args',
  'runtime',
  'interpreter',
  'os',
]);

export const NO_GUARANTEES: Guarantees = Object.freeze({
  files: 'none',
  network: 'none',
  processes: 'none',
  environment: 'none',
  memory: 'none',
  cpu: 'none',
  time: 'none',
});

/** A level that nobody knows is above all others as a demand, and nothing as an offer. */
function strength(level: unknown, unknown: number): number {
  const known = GUARANTEE_LEVELS.indexOf(level as GuaranteeLevel); // whatever it is, it is looked up
  return known < 0 ? unknown : known;
}

/** Per dimension the stronger of the two; of demands, one that is not understood stays. */
export function strongest<T extends Partial<Guarantees>>(a: T, b: Partial<Guarantees>): T {
  const result: Record<string, GuaranteeLevel | undefined> = { ...a };
  for (const [dimension, level] of Object.entries(b)) {
    if (level === undefined) continue;
    const before = Object.hasOwn(result, dimension) ? result[dimension] : undefined;
    if (before === undefined || strength(level, Infinity) > strength(before, Infinity)) {
      result[dimension] = level;
    }
  }
  return result as T; // the same dimensions with the levels of a Guarantees
}

/** No level above that of confined arguments. */
export function argumentsOnly(guarantees: Guarantees): Guarantees {
  const capped = DIMENSIONS.map((dimension) => {
    const level = Object.hasOwn(guarantees, dimension) ? guarantees[dimension] : 'none';
    return [dimension, strength(level, 0) > strength('args', 0) ? 'args' : level] as const;
  });
  return Object.fromEntries(capped) as Record<keyof Guarantees, GuaranteeLevel>; // each dimension once
}

/** The first dimension in which less is there than is required. What nobody knows is never met. */
export function weakerThan(
  there: Guarantees,
  required: Partial<Guarantees>,
): keyof Guarantees | undefined {
  return (Object.keys(required) as Array<keyof Guarantees>).find((dimension) => {
    const level = required[dimension];
    if (level === undefined) return false;
    const offered = Object.hasOwn(there, dimension) ? strength(there[dimension], 0) : 0;
    return !DIMENSIONS.includes(dimension) || offered < strength(level, Infinity);
  });
}
