import { regexEngine } from '#regex-engine';

import type { Place } from '../issues.ts';
import type { Check } from './check.ts';

/** Together they bound the time of one test, whatever pattern and text: a few dozen milliseconds. */
const LONGEST_PATTERN = 1000;
const LARGEST_PROGRAM = 1000;
const LONGEST_TEXT = 10_000;

/** A regular expression that the whole text has to match; `.` is any character, a line break too. */
export function readMatches(pattern: unknown, place: Place): Check | undefined {
  if (pattern instanceof RegExp) return place.wrong(NO_REGEXP);
  if (typeof pattern !== 'string' || pattern === '') {
    return place.wrong('matches needs a regular expression as text');
  }
  if (pattern.length > LONGEST_PATTERN) {
    return place.wrong(`a regular expression has at most ${LONGEST_PATTERN} letters`);
  }
  const matches = compiled(pattern, place);
  if (matches === undefined) return undefined;
  return {
    wants: `to match ${JSON.stringify(pattern)}`,
    means: { matches: pattern },
    test: (value) =>
      typeof value === 'string' && value.length <= LONGEST_TEXT ? matches(value) : undefined,
  };
}

export const NO_REGEXP =
  'a RegExp may run for hours on some texts; write matches with the pattern as text, which runs in linear time (RE2 syntax)';

function compiled(pattern: string, place: Place): ((text: string) => boolean) | undefined {
  const engine = regexEngine();
  let regex: ReturnType<typeof engine.compile>;
  try {
    regex = engine.compile(pattern, engine.DOTALL);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return place.wrong(
      `${why.replace('error parsing regexp: ', '')} (RE2 syntax, for linear time: no lookahead, no lookbehind, no backreference)`,
    );
  }
  if (regex.programSize() > LARGEST_PROGRAM) {
    return place.wrong('its repetitions make it too large; repeat less, or use * and +');
  }
  return (text) => regex.matches(text);
}
