import { type Place, readAnyOf, readFields, readText } from '../issues.ts';
import { agreed, any, type Truth } from '../truth.ts';
import type { Check } from './check.ts';
import { type Glob, matchesGlob } from './glob.ts';

/** A path without `.` and `..`: where it starts from, and the names on the way. */
export interface ResolvedPath {
  /** `/`, `c:` and so on; empty for a path that starts from an unknown directory. */
  readonly root: string;
  readonly segments: readonly string[];
}

interface PathPatterns {
  readonly under: readonly ResolvedPath[];
  readonly glob: readonly PathGlob[];
}

interface PathGlob {
  readonly root: string;
  readonly glob: Glob;
}

/**
 * Paths as they are written: `.` and `..` are resolved, links are not (the sandbox does that before
 * the policy is asked). Systems disagree on backslashes, case and Unicode forms; where that makes a
 * difference, nothing is known.
 */
export function readPath(value: unknown, place: Place): Check | undefined {
  const short = typeof value === 'string' || Array.isArray(value);
  const own = short
    ? { under: value, glob: undefined, base: undefined }
    : readFields(value, ['under', 'glob', 'base'], place, 'path');
  if (own === undefined) return undefined;
  const base = own.base === undefined ? '' : readBase(own.base, place.at('base'));
  const under = textsOf(own.under, short ? place : place.at('under'));
  const glob = textsOf(own.glob, place.at('glob'));
  if (base === undefined || under === undefined || glob === undefined) return undefined;
  if (own.under === undefined && own.glob === undefined) {
    return place.wrong('path needs under or glob');
  }
  for (const one of [...under, ...glob]) {
    if (resolvePath(one, base, '/') === undefined || one.includes('\\')) {
      return place.wrong(`"${one}" is no plain path; use / between names, and no ~ or scheme`);
    }
  }
  const patterns = (folds: boolean): PathPatterns => patternsOf(under, glob, base, folds);
  const [exact, folded] = [patterns(false), patterns(true)];
  return {
    wants: `a path ${[...under.map((one) => `under ${one}`), ...glob.map((one) => `like ${one}`)].join(' or ')}`,
    means: { path: { under: [...under].sort(), glob: [...glob].sort(), base } },
    test: (given) => testPath(given, base, exact, folded),
  };
}

function readBase(value: unknown, place: Place): string | undefined {
  const base = readText(value, place, 'base');
  if (base === undefined) return undefined;
  const root = resolvePath(base, '', '/')?.root ?? '';
  return root === '' ? place.wrong('base has to be an absolute path') : base;
}

function textsOf(value: unknown, place: Place): readonly string[] | undefined {
  return value === undefined ? [] : readAnyOf(value, place, 'a path');
}

function patternsOf(
  under: readonly string[],
  glob: readonly string[],
  base: string,
  folds: boolean,
): PathPatterns {
  const resolve = (path: string): ResolvedPath[] => {
    const whole = resolvePath(folds ? fold(path) : path, folds ? fold(base) : base, '/');
    return whole === undefined ? [] : [whole];
  };
  return {
    under: under.flatMap(resolve),
    glob: glob.flatMap(resolve).map(({ root, segments }) => ({ root, glob: segments })),
  };
}

function testPath(given: unknown, base: string, exact: PathPatterns, folded: PathPatterns): Truth {
  if (typeof given !== 'string') return undefined;
  const read = (separator: Separator): Truth => {
    const truth = matches(resolvePath(given, base, separator), exact);
    if (truth !== false) return truth;
    const lower = matches(resolvePath(fold(given), fold(base), separator), folded);
    return lower === false ? false : undefined;
  };
  return given.includes('\\') ? agreed([read('/'), read('\\')]) : read('/');
}

/** Letters that a file system may take for the same. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function matches(path: ResolvedPath | undefined, { under, glob }: PathPatterns): Truth {
  if (path === undefined) return undefined;
  const below = any(under, (one) =>
    startTogether(path, one.root, one.segments) ? isBelow(path.segments, one.segments) : undefined,
  );
  if (below === true) return true;
  const like = any(glob, (one) =>
    // `**` first means wherever it is.
    startTogether(path, one.root, one.glob) || (one.root === '' && one.glob[0] === '**')
      ? matchesGlob(path.segments, one.glob)
      : undefined,
  );
  return any([below, like], (truth) => truth);
}

/** Two paths from an unknown directory can only be compared where they leave it equally far. */
function startTogether(
  { root, segments }: ResolvedPath,
  otherRoot: string,
  others: readonly string[],
): boolean {
  return root === otherRoot && stepsUp(segments) === stepsUp(others);
}

function stepsUp(segments: readonly string[]): number {
  const first = segments.findIndex((name) => name !== '..');
  return first < 0 ? segments.length : first;
}

function isBelow(path: readonly string[], directory: readonly string[]): boolean {
  return directory.every((name, i) => path[i] === name);
}

/** `/` as on POSIX systems, `\` for both as on Windows. */
type Separator = '/' | '\\';

/** A scheme, `~`, two leading separators: what it means depends on who opens it. */
const UNCLEAR = /^(?:[A-Za-z][A-Za-z0-9+.-]+:|~|[\\/]{2})|\p{Cc}/u;
const DRIVE = /^[A-Za-z]:/;

function resolvePath(path: string, base: string, separator: Separator): ResolvedPath | undefined {
  if (path === '' || UNCLEAR.test(path)) return undefined;
  const names = separator === '/' ? path.split('/') : path.split(/[\\/]/);
  const [first = ''] = names;
  if (DRIVE.test(first)) {
    // `c:x` starts from wherever the drive's own directory is.
    return first.length === 2 && names.length > 1
      ? resolved(first.toLowerCase(), names.slice(1))
      : undefined;
  }
  if (first === '') return resolved('/', names);
  if (base === '') return resolved('', names);
  return resolvePath(`${base}/${path}`, '', separator);
}

function resolved(root: string, names: readonly string[]): ResolvedPath {
  const segments: string[] = [];
  for (const name of names) {
    if (name === '' || name === '.') continue;
    const last = segments.at(-1);
    if (name !== '..') segments.push(name);
    else if (last !== undefined && last !== '..') segments.pop();
    else if (root === '') segments.push('..');
  }
  return { root, segments };
}
