import type { Seeds } from './forms.ts';
import type { HashTable } from './hash-table.ts';
import { numberReadings } from './number-readings.ts';
import { hashFolded, hashSpan } from './text-hash.ts';
import { compactOf } from './compact.ts';
import { collapseSpacing, isGroupedNumber } from './spacing.ts';

/** Longest value that a field vouches for. */
const LONGEST_VALUE = 1024;

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
  const value = collapseSpacing(text.slice(from, to));
  const add = (hash: number): unknown => table.add(hash, base + from, MOST);
  add(hashSpan(value, 0, value.length, seeds.word));
  if (/[.@:/]/.test(value)) add(hashFolded(value, 0, value.length, seeds.address));
  for (const number of numberReadings(value)) {
    add(hashSpan(number, 0, number.length, seeds.number));
  }
  const compact = compactOf(value);
  if (isGroupedNumber(value, compact)) add(hashSpan(compact, 0, compact.length, seeds.digits));
}
