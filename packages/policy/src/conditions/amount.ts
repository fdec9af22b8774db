import { type Place, readFields } from '../issues.ts';
import { all, type Truth } from '../truth.ts';
import type { Check } from './check.ts';

const NAMES = ['eq', 'lt', 'lte', 'gt', 'gte'] as const;

const HOLDS: Readonly<Record<(typeof NAMES)[number], (sign: number) => boolean>> = {
  eq: (sign) => sign === 0,
  lt: (sign) => sign < 0,
  lte: (sign) => sign <= 0,
  gt: (sign) => sign > 0,
  gte: (sign) => sign >= 0,
};

/** An exact amount: whole units, or a decimal as digits and how many of them are behind the point. */
interface Amount {
  readonly kind: 'units' | 'decimal';
  readonly digits: bigint;
  readonly scale: number;
}

/** A number of more digits than any money has, and what keeps a hostile text from costing time. */
const DECIMAL = /^(-?)(\d{1,40})(?:\.(\d{1,20}))?$/;

function amountOf(value: unknown): Amount | undefined {
  if (typeof value === 'bigint') return { kind: 'units', digits: value, scale: 0 };
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return undefined;
    return { kind: 'units', digits: BigInt(value), scale: 0 };
  }
  if (typeof value !== 'string') return undefined;
  const [, sign = '', whole, part = ''] = DECIMAL.exec(value) ?? [];
  if (whole === undefined) return undefined;
  return { kind: 'decimal', digits: BigInt(`${sign}${whole}${part}`), scale: part.length };
}

/** Whole units and decimals cannot be compared: nobody says how many units a decimal has. */
function compare(a: Amount | undefined, b: Amount): number | undefined {
  if (a === undefined || a.kind !== b.kind) return undefined;
  const scale = Math.max(a.scale, b.scale);
  const difference = scaled(a, scale) - scaled(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaled({ digits, scale }: Amount, to: number): bigint {
  return digits * 10n ** BigInt(to - scale);
}

/** Exact money, never floating point, and none that flows back unless a bound below 0 says so. */
export function readAmount(value: unknown, place: Place): Check | undefined {
  const own = readFields(value, NAMES, place, 'amount');
  if (own === undefined) return undefined;
  const bounds = NAMES.flatMap((name) => {
    if (own[name] === undefined) return [];
    const bound = amountOf(own[name]);
    if (bound !== undefined) return [{ name, bound, holds: HOLDS[name] }];
    place
      .at(name)
      .wrong('an amount is a whole number of the smallest unit, or a decimal as text ("12.50")');
    return [];
  });
  if (bounds.length === 0) return place.wrong('amount needs one of eq, lt, lte, gt, gte');
  const signed = bounds.some(({ bound }) => bound.digits < 0n);
  const test = (given: unknown): Truth => {
    const amount = amountOf(given);
    if (amount !== undefined && amount.digits < 0n && !signed) return undefined;
    return all(bounds, ({ bound, holds }) => {
      const sign = compare(amount, bound);
      return sign === undefined ? undefined : holds(sign);
    });
  };
  return {
    wants: `an exact amount ${bounds.map(({ name }) => `${name} ${JSON.stringify(own[name])}`).join(' and ')}`,
    means: { amount: bounds.map(({ name }) => [name, own[name]]) },
    test,
  };
}
