import type { Literal } from '../document.ts';
import type { Place } from '../issues.ts';
import { any, type Truth } from '../truth.ts';
import type { Check } from './check.ts';

export function readLiteral(value: unknown, place: Place): Literal | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return place.wrong('it has to be text, a finite number, true, false or null');
}

export function equals(wanted: Literal): Check {
  return {
    wants: JSON.stringify(wanted),
    means: { eq: wanted },
    test: (value) => same(value, wanted),
  };
}

export function oneOf(wanted: readonly Literal[]): Check {
  return {
    wants: `in ${JSON.stringify(wanted)}`,
    means: { in: [...new Set(wanted.map((literal) => JSON.stringify(literal)))].sort() },
    test: (value) => any(wanted, (literal) => same(value, literal)),
  };
}

/** Values of different types cannot be compared: `"900"` is neither 900 nor known to be another. */
function same(value: unknown, wanted: Literal): Truth {
  if (wanted === null) return typeof value === 'symbol' ? undefined : value === null;
  // Neither below nor above: `==` would do, between a bigint and a number.
  if (typeof wanted === 'number') {
    return isOrdered(value) ? !(value < wanted) && !(value > wanted) : undefined;
  }
  return typeof value === typeof wanted ? value === wanted : undefined;
}

export type OrderName = 'lt' | 'lte' | 'gt' | 'gte';

type OrderTest = (value: number | bigint, bound: number) => boolean;

const ORDERS: Readonly<Record<OrderName, OrderTest>> = {
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
};

export function readOrder(name: OrderName, bound: unknown, place: Place): Check | undefined {
  if (typeof bound !== 'number' || !Number.isFinite(bound)) {
    return place.wrong(`${name} needs a finite number`);
  }
  const holds = ORDERS[name];
  return {
    wants: `${name} ${bound}`,
    means: { [name]: bound },
    test: (value) => (isOrdered(value) ? holds(value, bound) : undefined),
  };
}

function isOrdered(value: unknown): value is number | bigint {
  return (typeof value === 'number' && Number.isFinite(value)) || typeof value === 'bigint';
}

export function readTextPart(
  name: 'startsWith' | 'endsWith',
  part: unknown,
  place: Place,
): Check | undefined {
  if (typeof part !== 'string' || part === '') return place.wrong(`${name} needs some text`);
  return {
    wants: `${name} ${JSON.stringify(part)}`,
    means: { [name]: part },
    test: (value) => (typeof value === 'string' ? value[name](part) : undefined),
  };
}
