const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A hundred years: what is later is a mistake, and dates end somewhere. */
const LONGEST = 36_500 * 86_400_000;

/** Milliseconds of `30m`, `4h`, `2d`, or of a number above 0; `undefined` for anything else. */
export function durationMs(value: unknown): number | undefined {
  if (typeof value === 'number') return inRange(value);
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(value) ?? [];
  const factor = UNITS[unit];
  return inRange(Number(amount) * (factor ?? 0));
}

/** The same in the largest unit that makes it a whole number. */
export function durationText(ms: number): string {
  const [unit = 'ms', factor = 1] =
    Object.entries(UNITS).findLast(([, one]) => ms % one === 0) ?? [];
  return `${ms / factor}${unit}`;
}

function inRange(ms: number): number | undefined {
  return ms > 0 && ms <= LONGEST ? ms : undefined;
}
