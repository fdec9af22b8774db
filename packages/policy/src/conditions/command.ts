import { GuardError } from '@guardstile/core';

import type { CommandPattern } from '../document.ts';
import { type Place, placeIn, type PolicyIssue, readList, readText } from '../issues.ts';
import { any, type Truth } from '../truth.ts';
import type { Check } from './check.ts';
import { parseShell } from './shell.ts';

const ANY_WORD = '*';
const ANY_REST = '**';

/**
 * Commands by their words. A shell can be told the same thing in endless ways, so a raw command line
 * is one of them if it is exactly the one that is named, or holds nothing but plain commands that
 * all are; else nothing is known of it.
 */
export function readCommand(value: unknown, place: Place): Check | undefined {
  const patterns =
    typeof value === 'string' ? readList([value], place, readPattern) : readPatterns(value, place);
  if (patterns === undefined) return undefined;
  return {
    wants: `the command ${patterns.map((pattern) => JSON.stringify(pattern)).join(' or ')}`,
    means: { command: patterns.map((pattern) => JSON.stringify(pattern)).sort() },
    test: (given) =>
      typeof given === 'string' ? ofLine(given, patterns) : ofWords(given, patterns),
  };
}

/**
 * Whether a command, as a shell line or as its words, is known to be one of these. A shell line is
 * only if all of its commands are; where it holds anything but plain commands, nothing is known.
 *
 * @example
 * const harmless = commandMatcher([['ls', '**'], ['git', 'log', '**']]);
 * harmless('git log --oneline | ls'); // true
 * harmless('ls $(rm -rf /)'); // false
 *
 * @throws {GuardError} `policy_invalid` for what is no pattern.
 */
export function commandMatcher(patterns: readonly CommandPattern[]): (given: unknown) => boolean {
  const issues: PolicyIssue[] = [];
  const check = readCommand(patterns, placeIn(issues));
  if (check !== undefined && issues.length === 0) return (given) => check.test(given) === true;
  const [issue] = issues;
  throw new GuardError(
    'policy_invalid',
    `a command pattern: ${issue?.message ?? 'is not readable'}`,
  );
}

function readPatterns(value: unknown, place: Place): readonly CommandPattern[] | undefined {
  if (!Array.isArray(value) || (value.length === 0 && !place.emptyLists)) {
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

/** Never that a line is none of them: what it starts may start anything. */
function ofLine(line: string, patterns: readonly CommandPattern[]): Truth {
  if (patterns.includes(line)) return true;
  const commands = parseShell(line);
  if (commands === undefined) return undefined;
  return commands.every((words) => ofWords(words, patterns) === true) ? true : undefined;
}

function ofWords(given: unknown, patterns: readonly CommandPattern[]): Truth {
  return any(patterns, (pattern) =>
    typeof pattern === 'string' ? undefined : matches(given, pattern),
  );
}

function matches(given: unknown, pattern: readonly string[]): Truth {
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
