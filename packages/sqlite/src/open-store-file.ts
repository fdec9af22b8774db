import type { DatabaseSync } from 'node:sqlite';

import { createPrivately } from './create-privately.ts';
import { requireOneName } from './opened-files.ts';
import { patiently } from './patiently.ts';
import { placeOf } from './place-of.ts';
import { prepareSchema } from './prepare-schema.ts';
import { storeError } from './store-error.ts';
import { type StoreFile, storeFile } from './store-file.ts';
import type { StoreKind } from './store-kind.ts';

/**
 * Opens the file of a store, or creates it for its owner alone; `fill` writes what a new one starts
 * with. A write is on the disk when it returns, and a file that cannot promise it is refused, as one
 * is that another application, a newer version or another schema wrote.
 *
 * @throws {GuardError} The store's code when the file cannot be used.
 */
export function openStoreFile(
  kind: StoreKind,
  given: string,
  fill: (file: StoreFile) => void = () => undefined,
): StoreFile {
  const path = placeOf(kind, given);
  let database: DatabaseSync | undefined;
  try {
    createPrivately(kind, path);
    requireOneName(kind, path);
    database = openDatabase(path);
    const opened = database;
    const file = storeFile(kind, path, opened);
    file.write(() => {
      if (prepareSchema(kind, path, opened) === 'made') fill(file);
    });
    file.assertDurable();
    return file;
  } catch (error) {
    database?.close();
    throw storeError(kind, path, error);
  }
}

/** Loaded here: whoever keeps things elsewhere needs no Node with SQLite. */
function openDatabase(path: string): DatabaseSync {
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  const database = new Database(path, { timeout: 0 });
  // Only whoever reads opens what lies beside the file, too.
  patiently(() => database.exec('PRAGMA journal_mode = WAL; SELECT 1 FROM sqlite_schema'));
  database.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
  return database;
}
