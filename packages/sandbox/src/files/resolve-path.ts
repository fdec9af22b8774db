import { lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, parse, sep } from 'node:path';

import { refusedArgument } from '../arguments/confine-arguments.ts';

/** Where a path really leads. */
export interface ResolvedPath {
  /** Without links, `.` and `..`. */
  readonly path: string;
  /** What is there; `undefined` where nothing is yet. */
  readonly stats: Stats | undefined;
}

/** Linux follows as many. */
const MOST_LINKS = 40;

/**
 * Where the kernel would go: `..` behind a link is the parent of what the link leads to, and a link
 * to nothing leads to where a write would create the file.
 */
export function resolvePath(path: string): ResolvedPath {
  const real = realPath(path);
  if (real !== undefined) return { path: real, stats: statsOf(real) };
  return walk(path);
}

function realPath(path: string): string | undefined {
  try {
    // To throw and catch an error costs more than all the rest.
    const there = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    return there ? realpathSync.native(path) : undefined;
  } catch {
    return undefined; // the walk finds out why
  }
}

function walk(path: string): ResolvedPath {
  let { root: at } = parse(path);
  let left = namesOf(path.slice(at.length));
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, name);
    const stats = statsOf(next);
    if (stats === undefined) return { path: missing(next, left), stats };
    if (!stats.isSymbolicLink()) {
      if (left.length > 0 && !stats.isDirectory()) throw refusedArgument(`${next} is no directory`);
      at = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw refusedArgument(`${path} leads through too many links`);
    const target = readlinkSync(next);
    left = [...namesOf(target), ...left];
    if (isAbsolute(target)) at = parse(target).root;
  }
  return { path: at, stats: statsOf(at) };
}

/** What would be created. The kernel finds no way back out of a directory that is not there. */
function missing(path: string, left: readonly string[]): string {
  if (left.includes('..')) throw refusedArgument(`${path} does not exist, and .. leads out of it`);
  return join(path, ...left);
}

function namesOf(path: string): string[] {
  const names = sep === '\\' ? path.split(/[\\/]/) : path.split('/');
  return names.filter((name) => name !== '' && name !== '.');
}

/** A link is not followed. What cannot be looked at is refused. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw refusedArgument(`${path} cannot be looked at (${code})`);
  }
}
