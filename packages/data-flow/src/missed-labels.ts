import { plainOf } from './plain-of.ts';

/** There, or just not there where the value has the expected shape, or anywhere else. */
const ABSENT = 0;
const MISSED = 1;
const THERE = 2;
type Look = typeof ABSENT | typeof MISSED | typeof THERE;

/**
 * Whether a value has another shape than a path expects, so that what the path names may be anywhere
 * in it. That a last field is not there is no other shape. No steps are any place.
 */
export function misses(value: unknown, steps: readonly string[]): boolean {
  return look(value, steps, 0) === MISSED;
}

function look(value: unknown, steps: readonly string[], from: number): Look {
  if (value === undefined || value === null || typeof value === 'boolean') return ABSENT;
  const name = steps[from];
  if (name === undefined && from > 0) return THERE;
  if (typeof value !== 'object') return typeof value === 'symbol' ? ABSENT : MISSED;
  const plain = plainOf(value);
  if (plain !== value) return look(plain, steps, from);
  if (name === undefined) return ABSENT;
  if (Object.keys(value).length === 0) return ABSENT;
  if (name === '*' || (name === '[]' && Array.isArray(value))) {
    return Object.values(value).reduce<Look>((best, one) => {
      if (best === THERE) return best;
      const own = look(one, steps, from + 1);
      return own > best ? own : best;
    }, ABSENT);
  }
  if (Array.isArray(value) || name === '[]') return MISSED;
  if (!Object.hasOwn(value, name)) return from === steps.length - 1 ? ABSENT : MISSED;
  return look((value as Readonly<Record<string, unknown>>)[name], steps, from + 1); // its own field
}
