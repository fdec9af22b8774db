import { closeSync, openSync, statSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { GuardError, isGuardError } from '@guardstile/core';

import { type ApprovalSeal, approvalSeal } from './approval-seal.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { primaryCodeOf, storeError } from './store-error.ts';

/** The database of a store, which any number of processes of one machine have open. */
export interface StoreFile {
  readonly seal: ApprovalSeal;
  prepare(sql: string): StatementSync;
  /** Changes whenever another connection changed the database. */
  version(): number;
  /** Reads what is only relied upon where it refuses. */
  glance<T>(work: () => T): T;
  /** @throws {GuardError} `approval_store_error` when the file is not what was opened. */
  read<T>(work: () => T): T;
  /** All of the work or none of it; on the disk when it returns. */
  write<T>(work: () => T): T;
  /** @throws {GuardError} `approval_store_error` where a commit would not wait for the disk. */
  assertDurable(): void;
  close(): void;
}

/** "GSap": what the file is. */
const APPLICATION_ID = 0x47536170;
const FULL = 2;

/** How long the file is waited for while other processes write, in milliseconds. */
const BUSY_MS = 5000;
/** At most so long until it is looked for again. SQLite itself sleeps so long that the others are first every time. */
const PAUSE_MS = 2;
const BUSY = 5;

/**
 * Opens or creates the file of a store.
 *
 * @throws {GuardError} `approval_store_error` when it cannot be used, `options_invalid` for a key that
 * is none.
 */
export function openStoreFile(path: string, key: Uint8Array, clock: () => number): StoreFile {
  let database: DatabaseSync | undefined;
  try {
    createPrivately(path);
    const opened = (database = openDatabase(path));
    const name = inTransaction(opened, () => prepareSchema(path, opened, key, clock));
    return storeFile(path, opened, approvalSeal(key, name));
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
      'approval_store_error',
      `the approval store ${path} cannot be created (${cause instanceof Error ? cause.message : String(cause)}); make sure that its directory exists and can be written`,
      { cause },
    );
  }
}

/** Loaded here: whoever keeps approvals elsewhere needs no Node with SQLite. */
function openDatabase(path: string): DatabaseSync {
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  const database = new Database(path, { timeout: 0 });
  patiently(() => database.exec('PRAGMA journal_mode = WAL'));
  database.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
  return database;
}

/** Answers the store's name. */
function prepareSchema(
  path: string,
  database: DatabaseSync,
  key: Uint8Array,
  clock: () => number,
): string {
  const version = numberOf(database, 'user_version');
  if (version === 0 && isEmpty(database)) {
    database.exec(SCHEMA);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    const name = randomUUID();
    const box = approvalSeal(key, name).seal(name, 'store');
    const insert = database.prepare(
      'INSERT INTO store (id, name, box, created) VALUES (1, ?, ?, ?)',
    );
    insert.run(name, box, clock());
    return name;
  }
  if (numberOf(database, 'application_id') !== APPLICATION_ID || version < 1) {
    throw refused(path, 'is another application’s database; give the path of another file');
  }
  if (version > SCHEMA_VERSION) {
    throw refused(
      path,
      `was written by a newer version of @guardstile/approvals (schema ${version}, this one knows ${SCHEMA_VERSION}); update this process`,
    );
  }
  checkSchema(path, database);
  return checkKey(path, database, key);
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
  throw new GuardError(
    'approval_tampered',
    `the approval store ${path} has other tables, indexes or triggers than it was made with; keep it as evidence and start a new one`,
  );
}

function checkKey(path: string, database: DatabaseSync, key: Uint8Array): string {
  const row = database.prepare('SELECT name, box FROM store').get();
  const name = String(row?.['name']);
  try {
    if (approvalSeal(key, name).open(bytesOf(row?.['box']), 'store') === name) return name;
  } catch (error) {
    if (!isGuardError(error) || error.code !== 'approval_tampered') throw error;
  }
  throw refused(path, 'was written with another key; open it with that one');
}

function storeFile(path: string, database: DatabaseSync, seal: ApprovalSeal): StoreFile {
  const opened = statSync(path);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const synchronous = database.prepare('PRAGMA synchronous');
  const journal = database.prepare('PRAGMA journal_mode');
  const dataVersion = database.prepare('PRAGMA data_version');

  /** What is written to a file that nobody finds any more is lost. */
  function assertThere(): void {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now?.ino === opened.ino && now.dev === opened.dev) return;
    throw refused(
      path,
      'was moved, removed or replaced while this process used it; put it back, or open the one that is there now',
    );
  }

  function attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(path, error);
    }
  }

  const file: StoreFile = {
    seal,
    prepare: (sql) => database.prepare(sql),
    version: () => Number(dataVersion.get()?.['data_version']),
    glance: (work) => attempt(() => patiently(work)),
    read: (work) =>
      attempt(() => {
        assertThere();
        return patiently(work);
      }),
    write: (work) =>
      attempt(() => {
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
      }),
    assertDurable() {
      const waits = synchronous.get()?.['synchronous'] === FULL;
      if (waits && journal.get()?.['journal_mode'] === 'wal') return;
      throw refused(path, 'does not wait for the disk; keep it in a file on a local disk');
    },
    close: () => database.close(),
  };
  file.assertDurable();
  return file;
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  patiently(() => database.exec('BEGIN IMMEDIATE'));
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
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

/** A blob of a row. */
export function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function refused(path: string, what: string): GuardError {
  return new GuardError('approval_store_error', `the approval store ${path} ${what}`);
}
