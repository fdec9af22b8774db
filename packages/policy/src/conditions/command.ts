import type { CommandPattern } from '../document.ts';
import { type Place, readList, readText } from '../issues.ts';
import { any, type Truth } from '../truth.ts';
import type { Check } from './check.ts';

const ANY_WORD = '*';
const ANY_REST = '**';

/**
 * Commands by their words. A shell can be told the same thing in endless ways, so a raw command
 * line is either exactly the one that is named, or nothing is known of it.
 */
export function readCommand(value: unknown, place: Place): Check | undefined {
  const patterns =
    typeof value === 'string' ? readList([value], place, readPattern) : readPatterns(value, place);
  if (patterns === undefined) return undefined;
  return {
    wants: `the command ${patterns.map((pattern) => JSON.stringify(pattern)).join(' or ')}`,
    means: { command: patterns.map((pattern) => JSON.stringify(pattern)).sort() },
    test: (given) => any(patterns, (pattern) => matches(given, pattern)),
  };
}

function readPatterns(value: unknown, place: Place): readonly CommandPattern[] | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    return place.wrong('command needs a command line, or a list of them or of lists of words');
  }
  return readList(value, place, readPattern);
}

function readPattern(value: unknown, place: Place): CommandPattern | undefined {
  if (typeof value === 'string') return readText(value, place, 'a command line');
  const words = readList(value, place, (word, at) =>
    typeof word === 'string' ? word : at.wrong('a word of a command has to be text'),
  );
  if (words === undefined) return undefined;
  const [program] = words;
  if (program === undefined || program === '' || program.startsWith(ANY_WORD)) {
    return place.wrong('the first word has to name the program');
  }
  if (words.slice(0, -1).includes(ANY_REST)) return place.wrong('"**" can only be the last word');
  return words;
}

function matches(given: unknown, pattern: CommandPattern): Truth {
  if (typeof pattern === 'string') return given === pattern ? true : undefined;
  if (!Array.isArray(given) || given.length === 0) return undefined;
  if (!given.every((word): word is string => typeof word === 'string')) return undefined;
  return matchesWords(given, pattern);
}

function matchesWords(given: readonly string[], pattern: readonly string[]): Truth {
  const open = pattern.at(-1) === ANY_REST;
  const fixed = open ? pattern.slice(0, -1) : pattern;
  const fits = open ? given.length >= fixed.length : given.length === fixed.length;
  if (!fits) return false;
  const [program = '', ...words] = fixed;
  const called = given[0] ?? '';
  if (!words.every((word, i) => word === ANY_WORD || word === given[i + 1])) return false;
  if (called === program) return true;
  // `/bin/rm`, `RM` and `rm.exe` may well be the same program.
  return baseName(called) === baseName(program) ? undefined : false;
}

function baseName(program: string): string {
  const name = program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1);
  return name.toLowerCase().replace(/\.(?:exe|cmd|bat|com)$/, '');
}
