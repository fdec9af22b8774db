import { closeSync, openSync, statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { GuardError } from '@guardstile/core';

import { SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { primaryCodeOf, storeError } from './store-error.ts';

/** The database of limits, which any number of processes of one machine have open. */
export interface StoreFile {
  prepare(sql: string): StatementSync;
  read<T>(work: () => T): T;
  /** All of the work or none of it; on the disk when it returns. */
  write<T>(work: () => T): T;
  /** The same for what only frees: a power failure may lose it, a killed process does not. */
  writeSoon<T>(work: () => T): T;
  close(): void;
}

/** "GSli": what the file is. */
const APPLICATION_ID = 0x47536c69;
const FULL = 2;

/** How long the file is waited for while other processes write, in milliseconds. */
const BUSY_MS = 5000;
/** At most so long until it is looked for again. SQLite itself sleeps so long that the others are first every time. */
const PAUSE_MS = 2;
const BUSY = 5;

/**
 * Opens or creates the file of limits.
 *
 * @throws {GuardError} `limits_error` when it cannot be used.
 */
export function openStoreFile(path: string): StoreFile {
  let database: DatabaseSync | undefined;
  try {
    createPrivately(path);
    const opened = (database = openDatabase(path));
    inTransaction(opened, () => prepareSchema(path, opened));
    return storeFile(path, opened);
  } catch (error) {
    database?.close();
    throw storeError(path, error);
  }
}

/** Makes sure that there is a file that only its owner reads; what is there stays. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    // A file that can only be read is SQLite's to refuse.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
    throw new GuardError(
      'limits_error',
      `the limits in ${path} cannot be created (${cause instanceof Error ? cause.message : String(cause)}); make sure that its directory exists and can be written`,
      { cause },
    );
  }
}

/** Loaded here: whoever counts elsewhere needs no Node with SQLite. */
function openDatabase(path: string): DatabaseSync {
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  const database = new Database(path, { timeout: 0 });
  patiently(() => database.exec('PRAGMA journal_mode = WAL'));
  database.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
  return database;
}

function prepareSchema(path: string, database: DatabaseSync): void {
  const version = numberOf(database, 'user_version');
  if (version === 0 && isEmpty(database)) {
    database.exec(SCHEMA);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    return;
  }
  if (numberOf(database, 'application_id') !== APPLICATION_ID || version < 1) {
    throw refused(path, 'are another application’s database; give the path of another file');
  }
  if (version > SCHEMA_VERSION) {
    throw refused(
      path,
      `were written by a newer version of @guardstile/limits (schema ${version}, this one knows ${SCHEMA_VERSION}); update this process`,
    );
  }
  checkSchema(path, database);
}

/** A trigger that somebody added could undo what the store does. */
function checkSchema(path: string, database: DatabaseSync): void {
  const made = new Set(SCHEMA.split(';').map((statement) => statement.trim()));
  const rows = database
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all();
  const odd = rows.find(({ sql }) => !made.has(String(sql).trim()));
  if (odd === undefined && rows.length === made.size - 1) return;
  throw refused(
    path,
    'have other tables, indexes or triggers than they were made with; find out who else writes there, and start a new file',
  );
}

function storeFile(path: string, database: DatabaseSync): StoreFile {
  const opened = statSync(path);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const synchronous = database.prepare('PRAGMA synchronous');

  /** What is counted in a file that nobody finds any more is not counted. */
  function assertThere(): void {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now?.ino === opened.ino && now.dev === opened.dev) return;
    throw refused(
      path,
      'were moved, removed or replaced while this process used them; put the file back, or open the one that is there now',
    );
  }

  function attempt<T>(work: () => T): T {
    try {
      assertThere();
      return work();
    } catch (error) {
      throw storeError(path, error);
    }
  }

  function transaction<T>(work: () => T): T {
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

  function assertDurable(): void {
    const journal = database.prepare('PRAGMA journal_mode').get()?.['journal_mode'];
    if (journal === 'wal' && synchronous.get()?.['synchronous'] === FULL) return;
    throw refused(path, 'do not wait for the disk; keep them in a file on a local disk');
  }

  assertDurable();
  return {
    prepare: (sql) => database.prepare(sql),
    read: (work) => attempt(() => patiently(work)),
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
    close: () => database.close(),
  };
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  patiently(() => database.exec('BEGIN IMMEDIATE'));
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Tries again while another process holds the file. The work must not have begun to change anything. */
function patiently<T>(work: () => T): T {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (primaryCodeOf(error) !== BUSY || performance.now() > end) throw error;
      Atomics.wait(nothing, 0, 0, Math.random() * PAUSE_MS);
    }
  }
}

function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // A failure of the disk has ended it already.
  }
}

function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
}

function refused(path: string, what: string): GuardError {
  return new GuardError('limits_error', `the limits in ${path} ${what}`);
}
