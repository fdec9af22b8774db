import { kindOf, LETTER } from './characters.ts';

/** A value from its first letter to its last, and what stands around that and means something. */
export interface Edges {
  readonly head: string;
  readonly core: string;
  readonly tail: string;
}

const OPENS = /^["'“„‘«]$/;
const CLOSES = /^["'”“’»]/;
/** The same path as without it. */
const HERE = './';
/** What ends a sentence or an emphasis; two points are a path. */
const FORGIVEN = /^(?!.*\.\.)[.,!?_]*$/;

/**
 * Cuts off what is around the letters of a value: a path or a sign is another value with it. Quotes
 * around all of it, what ends a sentence, and the slash behind a link mean nothing.
 */
export function edgesOf(text: string): Edges {
  let start = 0;
  let end = text.length;
  while (start < end && kindOf(text.charCodeAt(start)) !== LETTER) start += 1;
  while (end > start && kindOf(text.charCodeAt(end - 1)) !== LETTER) end -= 1;
  if (start === end) return { head: '', core: text, tail: '' };
  const core = text.slice(start, end);
  const isQuoted = OPENS.test(text.slice(0, start)) && CLOSES.test(text.slice(end));
  const tail = text.slice(isQuoted ? end + 1 : end);
  const isForgiven = FORGIVEN.test(tail) || (tail === '/' && core.includes('://'));
  const head = text.slice(0, start);
  return { head: isQuoted || head === HERE ? '' : head, core, tail: isForgiven ? '' : tail };
}

/** Whether groups of letters and digits with these around them may be an account or a telephone number. */
export function isGroupEdge({ head, tail }: Edges): boolean {
  return tail === '' && /^[+(]*$/.test(head);
}
