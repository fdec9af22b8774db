const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `30m`, `4h`, `2d`, or of a number above 0; `undefined` for anything else. */
export function durationMs(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(value) ?? [];
  const factor = UNITS[unit];
  const ms = Number(amount) * (factor ?? 0);
  return ms > 0 ? ms : undefined;
}
