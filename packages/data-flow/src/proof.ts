import type { Origin } from '@guardstile/core';
import { kindOf, LETTER } from './characters.ts';
import { classOf } from './origin.ts';
import type { Query } from './query.ts';

/** Fewest letters of a value that says something by turning up in a text. */
const SHORTEST_PROOF = 5;

/** Whether finding the value there is no accident. `shortest` is for values known to be short, such as names. */
export function proves(origin: Origin, query: Query, shortest: number = SHORTEST_PROOF): boolean {
  if (!query.plain || origin === 'sent') return false;
  // The whole value of a field of a named kind is a member of a list, however short.
  if (classOf(origin) === 'trusted' && origin.includes(':')) return true;
  return lettersIn(query.text, shortest) >= shortest;
}

/** How many letters and digits a text has, counted up to a limit. */
function lettersIn(text: string, limit: number): number {
  let letters = 0;
  for (let i = 0; i < text.length && letters < limit; i += 1) {
    if (kindOf(text.charCodeAt(i)) === LETTER) letters += 1;
  }
  return letters;
}
