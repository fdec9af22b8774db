import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { openedFiles } from './opened-files.ts';
import { patiently } from './patiently.ts';
import { storeError } from './store-error.ts';
import { type StoreKind, storeRefusal } from './store-kind.ts';

/** The file of a store, which any number of processes of one machine have open. */
export interface StoreFile {
  readonly kind: StoreKind;
  prepare(sql: string): StatementSync;
  /** Changes whenever another connection changed the database. */
  version(): number;
  /** Reads what is only relied upon where it refuses. */
  glance<T>(work: () => T): T;
  /** @throws {GuardError} The store's code when the file is not the one that was opened. */
  read<T>(work: () => T): T;
  /** All of the work or none of it; on the disk when it returns. */
  write<T>(work: () => T): T;
  /** The same for what may be lost with the power; a process that is killed loses nothing. */
  writeSoon<T>(work: () => T): T;
  /** @throws {GuardError} The store's code where a commit would not wait for the disk. */
  assertDurable(): void;
  close(): void;
}

const FULL = 2;

/** The file behind a database that is open and has its tables. */
export function storeFile(kind: StoreKind, path: string, database: DatabaseSync): StoreFile {
  const assertOpened = openedFiles(kind, path);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const synchronous = database.prepare('PRAGMA synchronous');
  const journal = database.prepare('PRAGMA journal_mode');
  const dataVersion = database.prepare('PRAGMA data_version');
  let closed = false;

  /** Who closes the file last removes what lies beside it, and SQLite says that it is closed. */
  function assertThere(): void {
    if (!closed) assertOpened();
  }

  function attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(kind, path, error);
    }
  }

  function transaction<T>(work: () => T): T {
    assertThere();
    patiently(() => begin.run());
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      rollBack(database);
      throw error;
    }
  }

  return {
    kind,
    prepare: (sql) => database.prepare(sql),
    version: () => Number(dataVersion.get()?.['data_version']),
    glance: (work) => attempt(() => patiently(work)),
    read: (work) =>
      attempt(() => {
        assertThere();
        return patiently(work);
      }),
    write: (work) => attempt(() => transaction(work)),
    writeSoon: (work) =>
      attempt(() => {
        database.exec('PRAGMA synchronous = NORMAL');
        try {
          return transaction(work);
        } finally {
          database.exec('PRAGMA synchronous = FULL');
        }
      }),
    assertDurable() {
      const waits = synchronous.get()?.['synchronous'] === FULL;
      if (waits && journal.get()?.['journal_mode'] === 'wal') return;
      throw storeRefusal(
        kind,
        path,
        'does not wait for the disk; keep it in a file on a local disk',
      );
    },
    close() {
      database.close();
      closed = true;
    },
  };
}

function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // A failure of the disk has ended it already.
  }
}
