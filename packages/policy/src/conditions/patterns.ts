import { type Place, readAnyOf } from '../issues.ts';

export interface ReadPatterns<Pattern> {
  readonly texts: readonly string[];
  readonly patterns: readonly Pattern[];
}

/** Texts of a form, such as hosts; the first that is none of them is what is wrong. */
export function readPatterns<Pattern>(
  value: unknown,
  place: Place,
  what: string,
  patternOf: (text: string) => Pattern | undefined,
  form: string,
): ReadPatterns<Pattern> | undefined {
  const texts = readAnyOf(value, place, what);
  if (texts === undefined) return undefined;
  const patterns: Pattern[] = [];
  for (const text of texts) {
    const pattern = patternOf(text);
    if (pattern === undefined) return place.wrong(`"${text}" is no ${form}`);
    patterns.push(pattern);
  }
  return { texts, patterns };
}
