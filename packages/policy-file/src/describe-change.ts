import { canonical } from '@guardstile/core';

/** Parts of a document, whatever they are. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether two parts of documents mean the same. */
export function same(a: unknown, b: unknown): boolean {
  return a === undefined || b === undefined ? a === b : canonical(a) === canonical(b);
}

/** What changed, field by field, as in `expires 1h → 2h`. */
export function fieldsOf(before: Fields, after: Fields): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => !same(before[name], after[name]))
    .map((name) => `${name} ${shown(before[name])} → ${shown(after[name])}`);
}

const LONGEST = 120;

/** A part of a document on one line; `none` where there is none. */
export function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
