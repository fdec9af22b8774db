import {
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Content, DirectoryEntry, FileStat } from './found.mts';

// Runs inside a child under OS isolation, whose walls are all that confines a path here.

/** What the parent adds to the arguments of a call. */
export interface Place {
  readonly root: string;
  /** Largest file that is read, or most that a command may print. */
  readonly maxBytes: number;
}

type At = Place & { readonly path: string };

export function readFile({ root, path, maxBytes }: At): Content | null {
  const file = resolve(root, path);
  const stats = orNull(() => statSync(file));
  if (stats === null) return null;
  if (stats.isDirectory()) throw coded('EISDIR', `${path} is a directory`);
  // A pipe would wait for its other end.
  if (!stats.isFile()) throw coded('EINVAL', `${path} is no file`);
  if (stats.size > maxBytes) {
    throw coded('EFBIG', `${path} has ${stats.size} bytes; maxFileBytes is ${maxBytes}`);
  }
  return contentOf(readFileSync(file));
}

export function writeFile({ root, path, text, base64 = '' }: At & Partial<Written>): void {
  const file = resolve(root, path);
  const stats = orNull(() => statSync(file));
  if (stats !== null && !stats.isFile()) throw coded('EISDIR', `${path} is no file`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text ?? Buffer.from(base64, 'base64'));
}

interface Written {
  readonly text: string;
  readonly base64: string;
}

export function statFile({ root, path }: At): FileStat | null {
  const stats = orNull(() => statSync(resolve(root, path)));
  return stats && { type: typeOf(stats), size: stats.size, modifiedMs: stats.mtimeMs };
}

export function listDirectory({ root, path }: At): readonly DirectoryEntry[] | null {
  const entries = orNull(
    () => readdirSync(resolve(root, path), { withFileTypes: true }),
    ['ENOENT'],
  );
  return (
    entries &&
    entries.map((entry) => ({
      name: entry.name,
      type: entry.isSymbolicLink() ? 'symlink' : typeOf(entry),
    }))
  );
}

export function deleteFile({
  root,
  path,
  recursive = false,
}: At & { readonly recursive?: boolean }): boolean {
  const file = resolve(root, path);
  const stats = orNull(() => lstatSync(file));
  if (stats === null) return false;
  if (stats.isDirectory() && !recursive) throw coded('EISDIR', `${path} is a directory`);
  if (stats.isDirectory()) rmSync(file, { recursive: true });
  else unlinkSync(file);
  return true;
}

export function typeOf(entry: Stats | Dirent): FileStat['type'] {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}

/** `null` where there is nothing, also where a link leads to nothing. */
export function orNull<T>(look: () => T, nothing: readonly string[] = NOTHING): T | null {
  try {
    return look();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (nothing.includes(code)) return null;
    throw error;
  }
}

/** The second of what would be below a file. */
const NOTHING = ['ENOENT', 'ENOTDIR'];

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function contentOf(bytes: Buffer): Content {
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return { base64: bytes.toString('base64') };
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
