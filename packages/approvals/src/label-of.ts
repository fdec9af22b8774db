import { visible } from '@guardstile/core';

const LONGEST = 60;

/**
 * A text as a choice or within a question. Prompts count the columns of what they draw, and can
 * miscount what a terminal draws differently, so that only ASCII stands there.
 */
export function labelOf(text: string): string {
  const ascii = visible(text).replaceAll(/[^\x20-\x7e]/gu, codeOf);
  return ascii.length > LONGEST ? `${ascii.slice(0, LONGEST)}...` : ascii;
}

function codeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
