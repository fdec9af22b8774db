import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';

import { GuardError } from '@guardstile/core';

/** How a file is opened; the same words as those of `fs.open`. */
export type OpenFlags = 'r' | 'r+' | 'w' | 'wx' | 'w+' | 'wx+' | 'a' | 'ax' | 'a+' | 'ax+';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_EXCL } = constants;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

const FLAGS: Readonly<Record<OpenFlags, number>> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  'wx+': O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
  ax: O_WRONLY | O_CREAT | O_APPEND | O_EXCL,
  'a+': O_RDWR | O_CREAT | O_APPEND,
  'ax+': O_RDWR | O_CREAT | O_APPEND | O_EXCL,
};

/** Linux's own: a directory that may be passed through without being listed. */
const O_PATH = 0o10000000;

/**
 * Opens a file in a directory or below it, whatever becomes of the names on the way meanwhile: every
 * component is opened from the one before it, and no link is followed. `path` is relative to `root`,
 * or absolute and below it, as `filesystemSandbox` hands it to tools. The file belongs to whoever
 * opened it, who closes it.
 *
 * @example
 * await using file = await openBeneath('/srv/workspace', 'notes/today.md');
 * const text = await file.readFile('utf8');
 *
 * @throws {GuardError} `sandbox_refused` for a path that leads out, through a link, or to what is
 * neither a file nor a directory; `sandbox_unavailable` where there is no `/proc` (not Linux). Errors
 * of the file system (`ENOENT`, `EACCES`) are passed on.
 */
export async function openBeneath(
  root: string,
  path: string,
  flags: OpenFlags = 'r',
  mode = 0o666,
): Promise<FileHandle> {
  if (!Object.hasOwn(FLAGS, flags)) {
    const known = Object.keys(FLAGS).join(', ');
    throw new GuardError('options_invalid', `openBeneath: "${flags}" is no flag; use ${known}`);
  }
  requireProc();
  const from = resolve(root);
  const names = namesBeneath(from, path);
  const last = names.pop() ?? '.';
  const directory = openDirectory(from, names, path);
  try {
    // A named pipe would wait for its other end, and hold up every other file with it.
    const file = await open(
      `${directory.path}/${last}`,
      FLAGS[flags] | O_NOFOLLOW | O_NONBLOCK,
      mode,
    );
    return await onlyFiles(file, path);
  } catch (error) {
    throw named(error, from, path);
  } finally {
    directory.close();
  }
}

/** Where the next name is looked up. */
interface Directory {
  readonly path: string;
  close(): void;
}

/** The directory of the last name, by way of every one before it. The root itself is trusted. */
function openDirectory(root: string, names: readonly string[], path: string): Directory {
  let directory: Directory = { path: root, close: () => undefined };
  for (const name of names) {
    try {
      directory = step(directory, name);
    } catch (error) {
      throw named(error, root, path);
    }
  }
  return directory;
}

/** `openat`: through `/proc` the kernel looks a name up in a directory that is already open. */
function step(from: Directory, name: string): Directory {
  try {
    const next = openSync(`${from.path}/${name}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    return { path: `/proc/self/fd/${next}`, close: () => closeSync(next) };
  } finally {
    from.close();
  }
}

function namesBeneath(root: string, path: string): string[] {
  const within = isAbsolute(path) ? relative(root, path) : path;
  const names = within.split('/').filter((name) => name !== '' && name !== '.');
  if (isAbsolute(within) || names.includes('..')) throw refused(path, `leads out of ${root}`);
  if (within.includes('\0')) throw refused(path, 'holds a NUL character');
  return names;
}

/** Links answer ELOOP, or ENOTDIR where a directory has to be there. */
function named(error: unknown, root: string, path: string): unknown {
  if (!isSystemError(error)) return error;
  const { code } = error;
  if (code === 'ELOOP' || code === 'ENOTDIR') {
    return refused(path, 'leads through a link, or through what is no directory', error);
  }
  // Nobody knows the descriptors in its message, and they belong to something else by now.
  const whole = isAbsolute(path) ? path : join(root, path);
  error.message = error.message.replace(/'.*'$/, `'${whole}'`);
  return Object.assign(error, { path: whole });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

async function onlyFiles(file: FileHandle, path: string): Promise<FileHandle> {
  const stats = fstatSync(file.fd);
  if (stats.isFile() || stats.isDirectory()) return file;
  await file.close();
  throw refused(path, 'is neither a file nor a directory');
}

let hasProc: boolean | undefined;

function requireProc(): void {
  hasProc ??= process.platform === 'linux' && existsSync('/proc/self/fd');
  if (hasProc) return;
  throw new GuardError(
    'sandbox_unavailable',
    'openBeneath needs /proc, which Linux has; elsewhere resolve the path with filesystemSandbox and open that, or use a sandbox of the operating system',
  );
}

function refused(path: string, why: string, cause?: unknown): GuardError {
  const details = cause === undefined ? {} : { cause };
  return new GuardError('sandbox_refused', `openBeneath: "${path}" ${why}`, details);
}
