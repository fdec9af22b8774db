import { realpathSync, type Stats, statSync } from 'node:fs';

import { type StoreKind, storeRefusal } from './store-kind.ts';

const QUIET = { throwIfNoEntry: false } as const;

/**
 * Makes sure that the files of a database are those that were opened: what is written to a file that
 * nobody finds any more is lost, and others go on with what they find instead.
 *
 * @throws {GuardError} The store's code.
 */
export function openedFiles(kind: StoreKind, path: string): () => void {
  // SQLite keeps what was written last, and who writes, beside the file that links lead to.
  const real = realpathSync(path);
  const opened = [path, `${real}-wal`, `${real}-shm`].map((name) => {
    const { ino, dev } = statSync(name, QUIET) ?? {};
    return { name, ino, dev };
  });
  return () => {
    for (const { name, ino, dev } of opened) {
      const now = statSync(name, QUIET);
      if (now?.ino !== ino || now?.dev !== dev) throw storeRefusal(kind, name, REPLACED);
      requireOneName(kind, name, now);
    }
  };
}

/**
 * Under each name of a file SQLite would keep other changes.
 *
 * @throws {GuardError} The store's code.
 */
export function requireOneName(
  kind: StoreKind,
  path: string,
  file: Stats | undefined = statSync(path, QUIET),
): void {
  if (file?.isFile() === true && file.nlink > 1) throw storeRefusal(kind, path, NAMED_TWICE);
}

const REPLACED =
  'was moved, removed or replaced while this process used it; put it back, or open the one that is there now';
const NAMED_TWICE =
  'has another name (a hard link), and what is written under one is not seen under the other; remove that name';
