import { digest, visible } from '@guardstile/core';

import type { Page } from './page.ts';

/** The ends of a text that is too long to be shown; what is between them is named, never dropped. */
export interface Fold {
  readonly head: string;
  /** How much there is between them, and length and digest of the whole text. */
  readonly between: string;
  readonly tail: string;
}

const HEAD_SHARE = 0.7;

/** Folds a text that does not fit on the page. */
export function fold(page: Page, text: string): Fold | undefined {
  const { characters } = page.room;
  if (text.length <= characters) return undefined;
  page.folded = true;
  const end = wholeCharacter(text, Math.ceil(characters * HEAD_SHARE));
  const start = wholeCharacter(text, text.length - (characters - end));
  return {
    head: text.slice(0, end),
    between: `[${count(start - end)} characters folded, of ${count(text.length)}, ${digest('text', text)}]`,
    tail: text.slice(start),
  };
}

/** A text of a request on one line. */
export function oneLine(page: Page, text: string): string {
  const folded = fold(page, text);
  if (folded === undefined) return visible(text);
  const { head, between, tail } = folded;
  return `${visible(head)} ${between} ${visible(tail)}`;
}

/** `12,345`. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** The place, or the one behind it where a surrogate pair would be cut. */
function wholeCharacter(text: string, at: number): number {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff ? at + 1 : at;
}
