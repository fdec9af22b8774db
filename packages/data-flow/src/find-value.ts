import type { Seeds } from './forms.ts';
import type { HashTable } from './hash-table.ts';
import { WINDOW } from './index-text.ts';
import { sixBitsOf } from './characters.ts';
import type { KeptText, Spot } from './kept-text.ts';
import {
  areDigitsAt,
  copyAround,
  isAddressAt,
  isNumberAt,
  isPairAt,
  isSameText,
  isWholeLeaf,
  isWordAt,
} from './match-spot.ts';
import type { Query } from './query.ts';
import { collapseSpacing } from './spacing.ts';
import { hashFolded, hashSpan, hashWindow } from './text-hash.ts';

/** What is looked into. */
export interface Library {
  readonly table: HashTable;
  readonly kept: KeptText;
}

/**
 * The first place where an origin's texts hold the value between whole words. `exact` is for what
 * vouches: the value has to stand there by itself, with the same signs around it and within.
 */
export function findInText(
  library: Library,
  seeds: Seeds,
  query: Query,
  exact: boolean,
): Spot | undefined {
  const { core, numbers, digits } = query;
  const first = (hash: number, matches: Matches): Spot | undefined =>
    firstOf(library, hash, (spot) => matches(spot, query, exact));
  let spot: Spot | undefined;
  if (query.isWord) {
    spot = first(hashSpan(core, 0, core.length, seeds.word), isWordAt);
    if (spot === undefined && query.isAddress) {
      spot = first(hashFolded(core, 0, core.length, seeds.address), isAddressAt);
    }
  }
  if (spot !== undefined) return spot;
  for (const number of numbers) {
    spot = first(hashSpan(number, 0, number.length, seeds.number), isNumberAt);
    if (spot !== undefined) return spot;
  }
  if (digits !== undefined) {
    spot = first(hashSpan(digits, 0, digits.length, seeds.digits), areDigitsAt);
    if (spot !== undefined) return spot;
  }
  // A word without joints is a word of the text or none, unless it is written in groups there.
  if (query.isNumber || (query.isPlainWord && !query.isGrouped)) return undefined;
  const { compact } = query;
  if (compact.length >= WINDOW) return findPhrase(library, seeds, query, exact);
  if (query.isWord || compact.length < 2) return undefined;
  return first(hashSpan(compact, 0, compact.length, seeds.pair), isPairAt);
}

/** The first trusted field whose whole value this is. */
export function findWhole(library: Library, seeds: Seeds, query: Query): Spot | undefined {
  const { text, compact, numbers } = query;
  const plain = collapseSpacing(text);
  const first = (hash: number): Spot | undefined =>
    firstOf(library, hash, (found) => isWholeLeaf(found, query));
  const spot = first(hashSpan(plain, 0, plain.length, seeds.word));
  if (spot !== undefined) return spot;
  const others = numbers.map((number) => hashSpan(number, 0, number.length, seeds.number));
  if (query.isAddress) others.push(hashFolded(text, 0, text.length, seeds.address));
  if (query.isGrouped) others.push(hashSpan(compact, 0, compact.length, seeds.digits));
  for (const hash of others) {
    const found = first(hash);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Matches = (spot: Spot, query: Query, exact: boolean) => boolean;

function firstOf(
  { table, kept }: Library,
  hash: number,
  matches: (spot: Spot) => boolean,
): Spot | undefined {
  let found: Spot | undefined;
  table.find(hash, (position) => {
    const spot = kept.spotAt(position);
    if (!matches(spot)) return false;
    found = spot;
    return true;
  });
  return found;
}

/** Most places of one phrase that are compared letter by letter. */
const MOST_COMPARED = 64;

function findPhrase(
  { table, kept }: Library,
  seeds: Seeds,
  query: Query,
  exact: boolean,
): Spot | undefined {
  const { compact } = query;
  let compared = 0;
  let found: Spot | undefined;
  eachWindow(compact, seeds.window, (hash, last) => {
    const isHere = table.find(hash, (position) => {
      const spot = kept.spotAt(position);
      const copy = copyAround(spot, compact, last);
      compared += 1;
      if (copy?.from !== 0 || copy.to !== compact.length) return false;
      if (!isSameText(spot, copy, query, exact)) return false;
      found = spot;
      return true;
    });
    return isHere || compared >= MOST_COMPARED;
  });
  return found;
}

/** Calls for every window of a compact text with its hash and the index of its last letter. */
export function eachWindow(
  compact: string,
  seed: number,
  visit: (hash: number, last: number) => boolean,
): void {
  let high = 0;
  let low = 0;
  for (let i = 0; i < compact.length; i += 1) {
    high = ((high << 6) | (low >>> 18)) & 0xffffff;
    low = ((low << 6) | sixBitsOf(compact.charCodeAt(i))) & 0xffffff;
    if (i >= WINDOW - 1 && visit(hashWindow(high, low, seed), i)) return;
  }
}
