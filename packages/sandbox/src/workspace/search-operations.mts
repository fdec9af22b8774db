import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, matchesGlob, relative, resolve } from 'node:path';
import { orNull, type Place } from './file-operations.mts';
import type { FoundFile, FoundLine } from './found.mts';

// Runs inside a child under OS isolation.

interface Result<T> {
  readonly found: readonly T[];
  readonly truncated: boolean;
}

/** How many files are looked at; whoever has more says where to look. */
const MOST_FILES = 20_000;
const MOST_FOUND = 10_000;

export function findFiles({
  root,
  path = '.',
  pattern,
}: Place & { readonly path?: string; readonly pattern: string }): Result<FoundFile> {
  const from = resolve(root, path);
  const found: FoundFile[] = [];
  const truncated = walk(from, (file) => {
    if (!matchesGlob(relative(from, file), pattern)) return true;
    const stats = orNull(() => statSync(file));
    if (stats !== null) found.push({ path: file, size: stats.size, modifiedMs: stats.mtimeMs });
    return found.length < MOST_FOUND;
  });
  return { found, truncated };
}

export function searchFiles({
  root,
  path = '.',
  text,
  glob,
  maxCount = MOST_FOUND,
  maxBytes,
}: Place & {
  readonly path?: string;
  readonly text: string;
  readonly glob?: string;
  readonly maxCount?: number;
}): Result<FoundLine> {
  const from = resolve(root, path);
  const found: FoundLine[] = [];
  let left = maxBytes;
  const truncated = walk(from, (file) => {
    const name = glob?.includes('/') === true ? relative(from, file) : basename(file);
    if (glob !== undefined && !matchesGlob(name, glob)) return true;
    for (const [index, line] of linesOf(file, maxBytes).entries()) {
      if (!line.includes(text)) continue;
      left -= line.length + file.length;
      if (left < 0 || found.length >= maxCount) return false;
      found.push({ path: file, line: index + 1, text: line });
    }
    return true;
  });
  return { found, truncated };
}

/** Calls for each file until it is told to stop; whether it stopped. Links are not followed. */
function walk(from: string, each: (file: string) => boolean): boolean {
  const stats = orNull(() => statSync(from));
  if (stats === null) return false;
  if (stats.isFile()) return !each(from);
  const waiting = [from];
  let seen = 0;
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of readable(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (!entry.isFile()) continue;
      seen += 1;
      if (seen > MOST_FILES || !each(path)) return true;
    }
  }
  return false;
}

/** What of a directory may be seen, in an order that does not depend on the disk. */
function readable(directory: string): ReturnType<typeof entriesOf> {
  try {
    return entriesOf(directory);
  } catch {
    return [];
  }
}

function entriesOf(directory: string) {
  return readdirSync(directory, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

/** The lines of a text; of what is none, or too large, there are none. */
function linesOf(file: string, maxBytes: number): readonly string[] {
  try {
    if (statSync(file).size > maxBytes) return [];
    const text = readFileSync(file, 'utf8');
    return text.includes('\0') ? [] : text.split(/\r?\n/);
  } catch {
    return [];
  }
}
