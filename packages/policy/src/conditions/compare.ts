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
  if (typeof wanted === 'number') return order(value, wanted, (sign) => sign === 0);
  return typeof value === typeof wanted ? value === wanted : undefined;
}

export type OrderName = 'lt' | 'lte' | 'gt' | 'gte';

const ORDERS: Readonly<Record<OrderName, (sign: number) => boolean>> = {
  lt: (sign) => sign < 0,
  lte: (sign) => sign <= 0,
  gt: (sign) => sign > 0,
  gte: (sign) => sign >= 0,
};

export function readOrder(name: OrderName, bound: unknown, place: Place): Check | undefined {
  if (typeof bound !== 'number' || !Number.isFinite(bound)) {
    return place.wrong(`${name} needs a finite number`);
  }
  const holds = ORDERS[name];
  return {
    wants: `${name} ${bound}`,
    means: { [name]: bound },
    test: (value) => order(value, bound, holds),
  };
}

export function holdsFor(name: OrderName | 'eq'): (sign: number) => boolean {
  return name === 'eq' ? (sign) => sign === 0 : ORDERS[name];
}

function order(value: unknown, bound: number, holds: (sign: number) => boolean): Truth {
  if (typeof value !== 'bigint' && (typeof value !== 'number' || !Number.isFinite(value))) {
    return undefined;
  }
  return holds(value < bound ? -1 : value > bound ? 1 : 0);
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
