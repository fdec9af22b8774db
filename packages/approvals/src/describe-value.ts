import { digest, visible } from '@guardstile/core';

import { count, fold, oneLine } from './fold.ts';
import { hostNote } from './hosts-in.ts';
import { GOES_ON, type Page } from './page.ts';
import { type Collection, type Leaf, shapeOf } from './shape.ts';
import { share } from './share.ts';

/**
 * Adds a value to the page as a list of its fields, one per line. Two values that differ are
 * written differently; what does not fit is written as its size and digest.
 */
export function describeValue(page: Page, value: unknown, indent: number): void {
  const shape = shapeOf(value);
  if (shape.kind === 'collection' && shape.size > 0) {
    if (shape.what !== 'record') put(page, indent, `(${shape.what})`);
    putEntries(page, shape, indent, page.room.lines);
  } else {
    putField(page, '(value)', value, indent, page.room.lines);
  }
}

/** Adds one field, in as many lines as one of several may take. */
export function describeField(page: Page, name: string, value: unknown, indent: number): void {
  putField(page, keyName(page, name), value, indent, Math.ceil(page.room.lines / 4));
}

/** Adds a line about a field instead of its value. */
export function describeAbsent(page: Page, name: string, words: string, indent: number): void {
  put(page, indent, `${keyName(page, name)}: ${words}`);
}

function put(page: Page, indent: number, text: string): void {
  page.lines.push({ indent, text });
}

/** Writes one field with what is inside it into at most `left` lines. */
function putField(page: Page, name: string, value: unknown, indent: number, left: number): void {
  const shape = shapeOf(value);
  if (shape.kind === 'leaf') return putLeaf(page, name, shape, indent);
  const { what, size } = shape;
  const noted = what === 'map' || what === 'set' ? `${name} (${what})` : name;
  if (size === 0) {
    return put(page, indent, `${noted}: ${what === 'record' || what === 'map' ? '{}' : '[]'}`);
  }
  // Worth opening only if something fits: the one entry, or the first and the line for the others.
  if (left < 1 + Math.min(size, 2)) {
    page.folded = true;
    return put(
      page,
      indent,
      `${noted}: ${what} of ${count(size)} folded, ${digest('value', value)}`,
    );
  }
  put(page, indent, `${noted}:`);
  return putEntries(page, shape, indent + 1, left - 1);
}

function putEntries(page: Page, collection: Collection, indent: number, left: number): void {
  const { size } = collection;
  const shown = size <= left ? size : left - 1;
  const entries = Array.from({ length: shown }, (_, index) => collection.at(index));
  // A large entry must not push others out of view.
  const shares = share(
    entries.map(([, value]) => linesOf(value, left)),
    shown < size ? left - 1 : left,
  );
  for (const [index, [key, value]] of entries.entries()) {
    putField(page, keyName(page, key), value, indent, shares[index] ?? 1);
  }
  if (shown < size) {
    page.folded = true;
    const rest = digest('value', collection.from(shown));
    put(page, indent, `${count(size - shown)} more folded, ${rest}`);
  }
}

/** How many lines a value takes, counted no further than `most`. */
function linesOf(value: unknown, most: number): number {
  const shape = shapeOf(value);
  let lines = 1;
  if (shape.kind === 'leaf') return lines;
  for (let index = 0; index < shape.size && lines < most; index += 1) {
    lines += linesOf(shape.at(index)[1], most - lines);
  }
  return lines;
}

function putLeaf(page: Page, name: string, leaf: Leaf, indent: number): void {
  const { text, note } = leaf;
  const [open, close] = leaf.quoted ? ['"', '"'] : ['', ''];
  const notes = [note, leaf.quoted ? hostNote(text) : undefined].filter((one) => one !== undefined);
  const noted = notes.length === 0 ? name : `${name} (${notes.join(', ')})`;
  const folded = fold(page, text);
  if (folded === undefined) {
    put(page, indent, `${noted}: ${open}${inQuotes(text)}${close}`);
    return;
  }
  put(page, indent, `${noted}:`);
  put(page, indent + 1, `${open}${inQuotes(folded.head)}`);
  put(page, indent + 1, folded.between);
  put(page, indent + 1, `${GOES_ON}${inQuotes(folded.tail)}${close}`);
}

const PLAIN_KEY = /^[A-Za-z_$][\w$-]{0,63}$/;

function keyName(page: Page, key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return PLAIN_KEY.test(key) ? key : `"${oneLine(page, key).replaceAll('"', '\\"')}"`;
}

/** The text cannot end its own quotation, and so cannot go on as something else. */
function inQuotes(text: string): string {
  return visible(text).replaceAll('"', '\\"');
}
