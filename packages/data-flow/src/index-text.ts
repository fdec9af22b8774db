import { BREAK, isDigit, JOINT, kindOf, LETTER, sixBitsOf } from './characters.ts';
import type { Seeds } from './forms.ts';
import type { HashTable } from './hash-table.ts';
import { numberReadings } from './number-readings.ts';
import { compactOf } from './compact.ts';
import { finish, hashFolded, hashSpan, hashWindow, step } from './text-hash.ts';

/** Length of a window, and how far apart windows are: a copy of 15 letters holds a whole one. */
export const WINDOW = 8;
/** Longest run of other characters inside of what is still one copy. */
export const WIDEST_GAP = 8;
/** Longest word that is looked up as a word; windows find longer ones. */
export const LONGEST_WORD = 256;
/** Fewest digits of what is looked up by its digits alone, such as a telephone number. */
export const FEWEST_DIGITS = 7;

const MOST_WORDS = 2;
const MOST_WINDOWS = 4;
const COMMA = 44;
const QUOTE = 39;
const POINT = 46;
const AT = 64;
const COLON = 58;
const SLASH = 47;
const MINUS = 45;
const ZERO = 48;

/** Longest text of which every window and every pair of words is kept, for what vouches. */
const LONGEST_DENSE = 65_536;

/**
 * Adds the words, addresses, numbers and windows of one text to the table, in one pass. `base` is
 * what positions in `text` are counted from. `dense` finds short copies too, for more memory.
 */
export function indexText(
  text: string,
  from: number,
  to: number,
  base: number,
  seeds: Seeds,
  table: HashTable,
  dense = false,
): void {
  const stride = dense && to - from <= LONGEST_DENSE ? 1 : WINDOW;
  let before = -1;
  let start = -1;
  let last = -1;
  let hash = 0;
  let address = false;
  let digit = false;
  let letters = 0;
  let high = 0;
  let low = 0;
  let count = 0;
  let gap = 0;
  let digits = 0;

  for (let i = from; i <= to; i += 1) {
    const code = i === to ? 32 : text.charCodeAt(i);
    let kind = kindOf(code);
    if (kind === LETTER) {
      if (gap > WIDEST_GAP) count = 0;
      gap = 0;
      const bits = sixBitsOf(code);
      high = ((high << 6) | (low >>> 18)) & 0xffffff;
      low = ((low << 6) | bits) & 0xffffff;
      count += 1;
      if (count >= WINDOW && count % stride === 0) {
        table.add(hashWindow(high, low, seeds.window), base + i, MOST_WINDOWS);
      }
      if (start === -1) {
        start = i;
        hash = seeds.word;
        address = false;
        digit = false;
        letters = 0;
      }
      if (isDigit(code)) {
        digit = true;
        digits += 1;
      } else letters += 1;
      hash = step(hash, code);
      last = i;
      continue;
    }
    gap += 1;
    if (kind === BREAK && (code === COMMA || code === QUOTE) && isBetweenDigits(text, i, to)) {
      kind = JOINT;
    }
    if (start === -1) continue;
    if (kind === JOINT) {
      if (code === POINT || code === AT || code === SLASH || code === COLON) address = true;
      hash = step(hash, code);
      continue;
    }
    const end = last + 1;
    if (end - start <= LONGEST_WORD) {
      // What trails, such as a full stop, is in the hash already.
      const own = end === i ? finish(hash) : hashSpan(text, start, end, seeds.word);
      table.add(own, base + start, MOST_WORDS);
      if (digit && letters === 0) indexNumber(text, start, end, from, base, seeds, table);
      if (address && letters > 0) indexAddress(text, start, end, base, seeds, table);
      if (stride === 1 && before !== -1) {
        const pair = compactOf(text.slice(before, end));
        table.add(hashSpan(pair, 0, pair.length, seeds.pair), base + before, MOST_WORDS);
      }
      before = start;
    } else before = -1;
    start = -1;
  }
  if (digits >= FEWEST_DIGITS && digits < to - from) {
    indexDigits(text, from, to, base, seeds, table);
  }
}

function isBetweenDigits(text: string, i: number, to: number): boolean {
  return i > 0 && i + 1 < to && isDigit(text.charCodeAt(i - 1)) && isDigit(text.charCodeAt(i + 1));
}

function indexNumber(
  text: string,
  start: number,
  end: number,
  from: number,
  base: number,
  seeds: Seeds,
  table: HashTable,
): void {
  const first = start > from && text.charCodeAt(start - 1) === MINUS ? start - 1 : start;
  if (first === start && text.charCodeAt(start) !== ZERO && isPlain(text, start, end)) {
    table.add(hashSpan(text, start, end, seeds.number), base + start, MOST_WORDS);
    return;
  }
  for (const number of numberReadings(text.slice(first, end))) {
    table.add(hashSpan(number, 0, number.length, seeds.number), base + first, MOST_WORDS);
  }
}

function isPlain(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

/** The word as an address, the host of a URL, and what follows a scheme or a label such as `mailto:`. */
function indexAddress(
  text: string,
  start: number,
  end: number,
  base: number,
  seeds: Seeds,
  table: HashTable,
): void {
  const add = (from: number, to: number): void => {
    if (to > from) table.add(hashFolded(text, from, to, seeds.address), base + from, MOST_WORDS);
  };
  add(start, end);
  let from = start;
  for (let i = start; i < end; i += 1) {
    if (text.charCodeAt(i) !== COLON) continue;
    from = i + 1;
    while (from < end && text.charCodeAt(from) === SLASH) from += 1;
    if (from > i + 1 || !isDigit(text.charCodeAt(from))) {
      table.add(hashSpan(text, from, end, seeds.word), base + from, MOST_WORDS);
      add(from, end);
    } else from = start; // a port
    break;
  }
  const host = hostEnd(text, from, end);
  if (host !== end) add(from, host);
  if (text.slice(from, from + 4).toLowerCase() !== 'www.') return;
  add(from + 4, end);
  if (host !== end) add(from + 4, host);
}

/** Where the host that begins here ends. */
function hostEnd(text: string, from: number, end: number): number {
  for (let i = from; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code === SLASH || code === COLON || code === 63 || code === 35 || code === 92) return i;
  }
  return end;
}

/** Groups of digits, such as a telephone number, by their digits alone. */
function indexDigits(
  text: string,
  from: number,
  to: number,
  base: number,
  seeds: Seeds,
  table: HashTable,
): void {
  let start = -1;
  let hash = 0;
  let count = 0;
  let apart = 0;
  for (let i = from; i <= to; i += 1) {
    const code = i === to ? 0 : text.charCodeAt(i);
    if (isDigit(code)) {
      if (start === -1) {
        start = i;
        hash = seeds.digits;
        count = 0;
      }
      hash = step(hash, code);
      count += 1;
      apart = 0;
    } else if (start !== -1) {
      apart += 1;
      if (apart <= 2 && i !== to && isDigitGap(code)) continue;
      if (count >= FEWEST_DIGITS) table.add(finish(hash), base + start, MOST_WORDS);
      start = -1;
    }
  }
}

/** What stands between the groups of a telephone or card number; a point would make it an amount. */
export function isDigitGap(code: number): boolean {
  return code === 32 || code === MINUS || code === 40 || code === 41;
}
