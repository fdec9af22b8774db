import { DatabaseSync } from 'node:sqlite';

/** Undoes a lock. */
export type Release = () => void;

/**
 * Takes the lock of a log, or answers `undefined` when another writer holds it. The operating system
 * keeps it: it ends with the process, however that ends, and nobody takes it from one that only
 * pauses, as locks with time stamps do.
 */
export function takeLock(path: string): Release | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return () => database.close();
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return (error as { readonly errcode?: unknown } | undefined)?.errcode === SQLITE_BUSY;
}
