import { BREAK, fold, isDigit, kindOf, LETTER } from './characters.ts';
import { compactOf } from './compact.ts';
import { edgesOf, isGroupEdge } from './edges-of.ts';
import { WIDEST_GAP, WINDOW } from './index-text.ts';
import type { Spot } from './kept-text.ts';
import { numberReadings } from './number-readings.ts';
import type { Query } from './query.ts';
import { collapseSpacing } from './spacing.ts';
import { isAfterWww, isContinued, isCutOff } from './stands-alone.ts';

// What a hash found is compared with the text itself: a hash alone proves nothing.

/** Whether the whole leaf is this value, in one of its spellings. */
export function isWholeLeaf({ text, from, to }: Spot, query: Query): boolean {
  const value = collapseSpacing(text.slice(from, to));
  if (value === collapseSpacing(query.text)) return true;
  if (query.isAddress && isSameAddress(value, query.text)) return true;
  // "1.0" is another identifier than "1", unless the tool takes numbers.
  if (query.isNumber && sharesNumber(value, query)) return true;
  return query.isGrouped && compactOf(value) === query.compact && isGroupEdge(edgesOf(value));
}

/** Capitals mean nothing in a scheme, a host and an address; in a path they do. */
function isSameAddress(a: string, b: string): boolean {
  const path = pathOf(b);
  return a.toLowerCase() === b.toLowerCase() && a.endsWith(path);
}

function pathOf(address: string): string {
  const [host = ''] = /^(?:[a-z][a-z\d+.-]*:\/\/)?[^/\\?#]*/i.exec(address) ?? [];
  return address.slice(host.length);
}

export function isWordAt(spot: Spot, query: Query, exact: boolean): boolean {
  const { text, offset, to } = spot;
  const end = offset + query.core.length;
  if (!text.startsWith(query.core, offset) || !endsAt(text, end, to)) return false;
  return !exact || (isByItself(spot, offset, end, query) && !isContinued(text, end, to));
}

export function isAddressAt(spot: Spot, query: Query, exact: boolean): boolean {
  const { text, offset, to } = spot;
  const { core } = query;
  const end = offset + core.length;
  if (end > to) return false;
  for (let i = 0; i < core.length; i += 1) {
    if (fold(core.charCodeAt(i)) !== fold(text.charCodeAt(offset + i))) return false;
  }
  if (!endsAt(text, end, to)) return false;
  if (!exact) return true;
  const path = pathOf(core);
  if (!isByItself(spot, offset, end, query) || !text.startsWith(path, end - path.length)) {
    return false;
  }
  // A link names its host too.
  return (path === '' && !core.includes('://')) || !isContinued(text, end, to);
}

function endsAt(text: string, end: number, to: number): boolean {
  return end === to || (end < to && kindOf(text.charCodeAt(end)) !== LETTER);
}

/** Whether the same signs stand around it, and no others that make another value of it. */
function isByItself({ text, from, to }: Spot, start: number, end: number, query: Query): boolean {
  const { head, tail } = query;
  const first = start - head.length;
  if (first < from || end + tail.length > to) return false;
  if (!text.startsWith(head, first) || !text.startsWith(tail, end)) return false;
  return !isCutOff(text, first, from);
}

const LONGEST_NUMBER = 40;

export function isNumberAt({ text, offset, to }: Spot, query: Query): boolean {
  const rest = text.slice(offset, Math.min(to, offset + LONGEST_NUMBER));
  const [number = ''] = /^-?\d[\d.,'’]*/.exec(rest) ?? [];
  return sharesNumber(number.replace(/[.,'’]+$/, ''), query);
}

function sharesNumber(text: string, { numbers }: Query): boolean {
  if (numbers.length === 0) return false;
  const readings = numberReadings(text);
  return numbers.some((number) => readings.includes(number));
}

export function areDigitsAt({ text, offset, to }: Spot, { digits }: Query): boolean {
  if (digits === undefined) return false;
  let i = offset;
  for (let n = 0; n < digits.length; n += 1) {
    let apart = 0;
    while (i < to && !isDigit(text.charCodeAt(i)) && apart < 3) {
      i += 1;
      apart += 1;
    }
    if (i >= to || text.charCodeAt(i) !== digits.charCodeAt(n)) return false;
    i += 1;
  }
  return i === to || !isDigit(text.charCodeAt(i));
}

/** How far a copy reaches: bounds in the compact value, and where it starts and ends in the text. */
export interface Copy {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The longest copy of a compact value around a window of it that ends at `last` and at the spot.
 * `undefined` when the window is not there.
 */
export function copyAround(spot: Spot, compact: string, last: number): Copy | undefined {
  const { text, offset, from: lower, to: upper } = spot;
  let from = last + 1;
  let start = offset;
  for (let i = offset, gap = 0; i >= lower && from > 0 && gap <= WIDEST_GAP; i -= 1) {
    const code = text.charCodeAt(i);
    if (kindOf(code) !== LETTER) {
      gap += 1;
      continue;
    }
    if (fold(code) !== compact.charCodeAt(from - 1)) break;
    from -= 1;
    start = i;
    gap = 0;
  }
  if (last + 1 - from < WINDOW) return undefined;
  let to = last + 1;
  let end = offset + 1;
  for (let i = end, gap = 0; i < upper && to < compact.length && gap <= WIDEST_GAP; i += 1) {
    const code = text.charCodeAt(i);
    if (kindOf(code) !== LETTER) {
      gap += 1;
      continue;
    }
    if (fold(code) !== compact.charCodeAt(to)) break;
    to += 1;
    end = i + 1;
    gap = 0;
  }
  return { from, to, start, end };
}

/** Whether a short value of two words begins here. */
export function isPairAt(spot: Spot, query: Query, exact: boolean): boolean {
  const { text, offset, to } = spot;
  let end = offset;
  for (let n = 0, gap = 0; n < query.compact.length; end += 1) {
    if (end >= to || gap > WIDEST_GAP) return false;
    const code = text.charCodeAt(end);
    if (kindOf(code) !== LETTER) gap += 1;
    else if (fold(code) !== query.compact.charCodeAt(n)) return false;
    else {
      n += 1;
      gap = 0;
    }
  }
  const copy = { from: 0, to: query.compact.length, start: offset, end };
  return isSameText(spot, copy, query, exact);
}

/**
 * Whether a copy of all letters is a copy of the value: between whole words, with the same
 * separators where they mean something (`a@b.c` is not `a b c`).
 */
export function isSameText(
  spot: Spot,
  { start, end }: Copy,
  query: Query,
  exact: boolean,
): boolean {
  const { text, from, to } = spot;
  if (start > from && kindOf(text.charCodeAt(start - 1)) === LETTER) return false;
  if (end < to && kindOf(text.charCodeAt(end)) === LETTER) return false;
  if (query.isAddress && isWithinAddress(text, start, end, from, to)) return false;
  const seen = text.slice(start, end);
  const theirs = gapsOf(seen);
  const ours = gapsOf(query.core);
  // Groups of an account or telephone number: where the spaces are means nothing.
  if (query.isGrouped && [...theirs, ...ours].every(isSpacing)) return true;
  if (exact) {
    if (!isByItself(spot, start, end, query) || isContinued(text, end + query.tail.length, to)) {
      return false;
    }
    if (query.isAddress && !isSameAddress(seen, query.core)) return false;
  }
  if (seen === query.core) return true;
  const isSame = exact ? isSameSign : isSameGap;
  return theirs.length === ours.length && theirs.every((gap, i) => isSame(gap, ours[i] ?? ''));
}

const TIES = '.@-_%+';

/**
 * Whether what stands around makes another address of it, such as `a.b.com` of `b.com`. `www.` does
 * not, and a capital after a full stop begins a sentence.
 */
function isWithinAddress(
  text: string,
  start: number,
  end: number,
  from: number,
  to: number,
): boolean {
  if (start > from && TIES.includes(text.charAt(start - 1)) && !isAfterWww(text, start, from)) {
    return true;
  }
  if (end + 1 >= to || !TIES.includes(text.charAt(end))) return false;
  const next = text.charCodeAt(end + 1);
  return kindOf(next) === LETTER && !(text.charAt(end) === '.' && fold(next) !== next);
}

/** What stands between the letters of a text, with how many letters come before it. */
function gapsOf(text: string): readonly string[] {
  const gaps: string[] = [];
  let letters = 0;
  let gap = '';
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (kindOf(code) !== LETTER) {
      gap += text.charAt(i);
      continue;
    }
    if (gap !== '' && letters > 0) gaps.push(`${letters} ${gap}`);
    gap = '';
    letters += 1;
  }
  return gaps;
}

/** Spacing and a comma between words, perhaps behind the end of a sentence. */
const TIGHT = /^\d+ (?:[.!?:]|\.\.\.)?[\s,、。]+$/;

/** Whether a shell, a query or a page would read both gaps alike. */
function isSameSign(a: string, b: string): boolean {
  const [ours, theirs] = [a, b].map(straightQuotes);
  if (ours === theirs) return true;
  const [place] = a.split(' ', 1);
  return b.startsWith(`${place} `) && TIGHT.test(a) && TIGHT.test(b);
}

function straightQuotes(text: string): string {
  return text.replace(/[‘’]/g, "'").replace(/[“”]/g, '"');
}

function isSameGap(a: string, b: string): boolean {
  if (a === b) return true;
  const [place] = a.split(' ', 1);
  return b.startsWith(`${place} `) && isLoose(a) && isLoose(b);
}

function isLoose(gap: string): boolean {
  const at = gap.indexOf(' ') + 1;
  for (let i = at; i < gap.length; i += 1) {
    if (kindOf(gap.charCodeAt(i)) !== BREAK && !'.!?:'.includes(gap.charAt(i))) return false;
  }
  // A full stop alone holds a host together; one before a space ends a sentence.
  return gap.length - at > 1 || kindOf(gap.charCodeAt(at)) === BREAK;
}

function isSpacing(gap: string): boolean {
  return /^\d+ [\s\-()]+$/.test(gap);
}
