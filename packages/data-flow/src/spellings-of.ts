import { decodedRuns } from './decoded-runs.ts';
import { unescapings } from './decodings.ts';
import { normalizeText, readTags } from './normalize-text.ts';
import { plainOf, UNREAD } from './plain-of.ts';

/** How often what is encoded may be encoded again. */
const DEEPEST_ENCODING = 3;
const DEEPEST = 64;

/** All that a value says. */
export interface Spellings {
  /** Its texts as one, so that what is split over fields is whole again; its field names; both decoded. */
  readonly texts: readonly string[];
  /** Whether that is all of it. */
  readonly complete: boolean;
}

interface Collecting {
  readonly values: string[];
  readonly names: string[];
  complete: boolean;
}

/** Reads a value in all the spellings in which something can be said. */
export function spellingsOf(value: unknown): Spellings {
  const into: Collecting = { values: [], names: [], complete: true };
  collect(value, into, 0);
  const written = [into.values.join('\n'), into.names.join('\n')].filter((text) => text !== '');
  const texts = written.flatMap((text) => [text, ...readTags(text)]).map(normalizeText);
  let last: readonly string[] = texts;
  for (let depth = 0; depth < DEEPEST_ENCODING && last.length > 0; depth += 1) {
    last = last.flatMap((text) => [...unescapings(text), ...decodedRuns(text)]);
    texts.push(...last);
  }
  return { texts, complete: into.complete };
}

function collect(value: unknown, into: Collecting, depth: number): void {
  if (typeof value === 'string') into.values.push(value);
  else if (typeof value === 'number' || typeof value === 'bigint') into.values.push(String(value));
  else if (value === UNREAD) into.complete = false;
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEEPEST) {
    into.complete = false;
    return;
  }
  const plain = plainOf(value);
  if (plain !== value) return collect(plain, into, depth + 1);
  for (const [name, own] of Object.entries(value)) {
    if (!Array.isArray(value)) into.names.push(name);
    collect(own, into, depth + 1);
  }
}
