import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { resolvePath, type ResolvedPath } from './resolve-path.ts';
import { isWithin } from './roots.ts';

/** Files that no tool reaches. */
export interface ProtectedFiles {
  /** Which of them a path leads to, or would take along (`rm -r` of the directory around it). */
  reachedBy(path: ResolvedPath, use: 'read' | 'write'): string | undefined;
  /** Whether the name of one is in a text: worth a look, whatever its field. */
  isNamedBy(text: string): boolean;
}

/**
 * By real path, by name where there is no file yet, and by what is on the disk: a hard link is the
 * same file under another name. Everything within a directory belongs to it, and to a file those
 * beside it whose names continue its own (`log.db-wal`, `policy.yaml.bak`, `.env.local`).
 */
export function protectedFiles(given: readonly string[]): ProtectedFiles {
  const paths = given.map((path) => resolve(path));
  const names = new Set(paths.map((path) => fold(basename(path))));
  return {
    reachedBy: (reached, use) => paths.find((path) => reaches(reached, path, use)),
    isNamedBy: (text) => {
      if (text.length > LONGEST) return false;
      const parts = fold(text).split(/[\\/]/);
      return parts.some((part) => [...names].some((name) => continues(part, name)));
    },
  };
}

/** PATH_MAX of Linux. */
const LONGEST = 4096;

function reaches(reached: ResolvedPath, given: string, use: 'read' | 'write'): boolean {
  // Resolved anew: files are replaced, and directories appear.
  const path = fold(realOrGiven(given));
  const wanted = fold(reached.path);
  if (isWithin(path, wanted)) return true;
  if (use === 'write' && isWithin(wanted, path)) return true;
  if (dirname(wanted) === dirname(path) && continues(basename(wanted), basename(path))) return true;
  return reached.stats?.isFile() === true && isSameFile(reached.stats, given);
}

function realOrGiven(path: string): string {
  try {
    return resolvePath(path).path;
  } catch {
    return path;
  }
}

/** Letters that a file system may take for the same. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function continues(name: string, whole: string): boolean {
  return (
    name === whole || (name.startsWith(whole) && /^[^\p{L}\p{N}]/u.test(name.slice(whole.length)))
  );
}

function isSameFile(reached: Stats, given: string): boolean {
  const own = look(given);
  if (own !== undefined && isSame(own, reached)) return true;
  // Only a file with several names can be one of those in a directory, or beside the file.
  if (reached.nlink < 2) return false;
  const among =
    own?.isDirectory() === true
      ? filesIn(given)
      : beside(given).filter((path) => continues(fold(basename(path)), fold(basename(given))));
  return among.some((path) => {
    const stats = look(path);
    return stats !== undefined && isSame(stats, reached);
  });
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function beside(path: string): readonly string[] {
  try {
    return readdirSync(dirname(path)).map((name) => join(dirname(path), name));
  } catch {
    return [];
  }
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}
