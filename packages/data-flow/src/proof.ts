import { classOf, type Origin } from './origin.ts';
import type { Query } from './query.ts';

/** Fewest letters of a value that says something by turning up in a text. */
export const SHORTEST_PROOF = 5;

/** Whether finding the value there is no accident. `shortest` is for values known to be short, such as names. */
export function proves(origin: Origin, query: Query, shortest: number = SHORTEST_PROOF): boolean {
  if (!query.plain || origin === 'sent') return false;
  // The whole value of a field of a named kind is a member of a list, however short.
  if (classOf(origin) === 'trusted' && origin.includes(':')) return true;
  return query.compact.length >= shortest;
}
