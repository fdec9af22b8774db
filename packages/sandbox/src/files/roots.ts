import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';

import { GuardError } from '@guardstile/core';

/** A directory that tools may work in. */
export interface Root {
  /** Its real path. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/**
 * The directory as it is now.
 *
 * @throws {GuardError} `sandbox_unavailable` where it is missing, no directory, or a link.
 */
export function openRoot(given: string): Root {
  // A slash at its end would follow a link.
  const stats = look(resolve(given));
  if (stats === undefined) throw unusable(given, 'does not exist; create it first');
  const path = join(realpathSync.native(dirname(resolve(given))), basename(resolve(given)));
  if (stats.isSymbolicLink()) {
    throw unusable(given, `is a symbolic link; name the directory it leads to (${follow(path)})`);
  }
  if (!stats.isDirectory()) throw unusable(given, 'is no directory');
  if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(path)) {
    throw unusable(given, 'is no place for files; name a directory of a real file system');
  }
  return { path, device: stats.dev, inode: stats.ino };
}

/** Why a root is not what it was any more. */
export function goneRoot({ path, device, inode }: Root): string | undefined {
  const now = look(path);
  if (now === undefined) return `the root ${path} has disappeared`;
  const same = now.dev === device && now.ino === inode;
  return same ? undefined : `the root ${path} was replaced by something else`;
}

/** Whether a real path is a directory itself, or within it. */
export function isWithin(directory: string, path: string): boolean {
  const inside = directory.endsWith(sep) ? directory : directory + sep;
  return path === directory || path.startsWith(inside);
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function follow(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined
    ? 'nowhere'
    : realpathSync.native(path);
}

function unusable(root: string, what: string): GuardError {
  return new GuardError('sandbox_unavailable', `filesystemSandbox: the root ${root} ${what}`);
}
