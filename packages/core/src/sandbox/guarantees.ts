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

function strength(level: GuaranteeLevel | undefined): number {
  return GUARANTEE_LEVELS.indexOf(level ?? 'none');
}

/** Per dimension the stronger of the two. */
export function strongest<T extends Partial<Guarantees>>(a: T, b: Partial<Guarantees>): T {
  const result: Record<string, GuaranteeLevel> = { ...a };
  for (const dimension of DIMENSIONS) {
    const level = b[dimension];
    if (strength(level) > strength(result[dimension]) && level !== undefined) result[dimension] = level;
  }
  return result as T;
}

/** The first dimension in which less is there than is required. A level nobody knows is never met. */
export function weakerThan(
  there: Guarantees,
  required: Partial<Guarantees>,
): keyof Guarantees | undefined {
  return DIMENSIONS.find((dimension) => {
    const level = required[dimension];
    if (level === undefined) return false;
    return strength(level) < 0 || strength(there[dimension]) < strength(level);
  });
}
