import { isDigit } from './characters.ts';
import type { Seeds } from './forms.ts';
import type { HashTable } from './hash-table.ts';
import { numberReadings } from './number-readings.ts';
import { hashFolded, hashSpan } from './text-hash.ts';
import { compactOf } from './compact.ts';
import { FEWEST_DIGITS } from './index-text.ts';

/** Longest value that a field vouches for. */
export const LONGEST_VALUE = 1024;

const MOST = 2;

/** Adds the value of a trusted field to the table: as it is, and in its other spellings, never its parts. */
export function indexWhole(
  text: string,
  from: number,
  to: number,
  base: number,
  seeds: Seeds,
  table: HashTable,
): void {
  if (to === from || to - from > LONGEST_VALUE) return;
  table.add(hashSpan(text, from, to, seeds.word), base + from, MOST);
  const value = text.slice(from, to);
  if (/[.@:/]/.test(value)) {
    table.add(hashFolded(text, from, to, seeds.address), base + from, MOST);
  }
  for (const number of numberReadings(value)) {
    table.add(hashSpan(number, 0, number.length, seeds.number), base + from, MOST);
  }
  if (!hasDigits(value)) return;
  // An account number is the same in groups of four.
  const compact = compactOf(value);
  table.add(hashSpan(compact, 0, compact.length, seeds.digits), base + from, MOST);
}

function hasDigits(value: string): boolean {
  let digits = 0;
  for (let i = 0; i < value.length && digits < FEWEST_DIGITS; i += 1) {
    if (isDigit(value.charCodeAt(i))) digits += 1;
  }
  return digits >= FEWEST_DIGITS;
}
