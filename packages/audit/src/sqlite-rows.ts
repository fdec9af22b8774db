import { DatabaseSync } from 'node:sqlite';

import { type AuditFilter, GuardError } from '@guardstile/core';

import { createPrivately } from './durable-file.ts';
import type { PlacedEntry } from './log-storage.ts';

/** What entries are found by. Copies of what the entry itself says, which readers compare. */
const INDEXED = ['kind', 'action', 'session', 'user', 'tenant', 'tool', 'rid'] as const;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS entry (
  seq INTEGER PRIMARY KEY, line TEXT NOT NULL, ts INTEGER NOT NULL,
  ${INDEXED.map((name) => `${name} TEXT`).join(', ')}
) STRICT;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS torn (seq INTEGER, line TEXT) STRICT;
CREATE INDEX IF NOT EXISTS entry_session ON entry (session, seq);
CREATE INDEX IF NOT EXISTS entry_user ON entry (tenant, user, seq);
CREATE INDEX IF NOT EXISTS entry_tool ON entry (tool, seq);
CREATE INDEX IF NOT EXISTS entry_action ON entry (action, seq);
CREATE INDEX IF NOT EXISTS entry_rid ON entry (rid, seq);
CREATE INDEX IF NOT EXISTS entry_ts ON entry (ts);
`;

const FULL = 2;

/**
 * Opens the database of a log for its writer.
 *
 * @throws {GuardError} `audit_error` when the database does not wait for the disk.
 */
export function openRows(path: string): DatabaseSync {
  createPrivately(path);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const synchronous = database.prepare('PRAGMA synchronous').get()?.['synchronous'];
  const journal = database.prepare('PRAGMA journal_mode').get()?.['journal_mode'];
  if (synchronous !== FULL || journal !== 'wal') {
    database.close();
    throw new GuardError('audit_error', `SQLite does not wait for the disk with ${path}`);
  }
  database.exec(SCHEMA);
  return database;
}

/** A text that is kept beside the entries. */
export function noteIn(database: DatabaseSync, name: string): string | undefined {
  const text = database.prepare('SELECT text FROM note WHERE name = ?').get(name)?.['text'];
  return typeof text === 'string' ? text : undefined;
}

/** As `noteIn`, for whoever only reads the file. */
export function readNote(path: string, name: string): string | undefined {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return noteIn(database, name);
  } finally {
    database.close();
  }
}

/** What a field is found by: only texts that the database gives back as they are. */
function textOf(entry: object, name: string): string | null {
  if (!Object.hasOwn(entry, name)) return null;
  const value = (entry as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' && !/[\0\p{Surrogate}]/u.test(value) ? value : null;
}

/** Puts aside the entries from a position on, in the order they have; gives their lines. */
export function setAside(database: DatabaseSync, from: number): readonly string[] {
  const rows = database.prepare('SELECT line FROM entry WHERE seq >= ? ORDER BY seq').all(from);
  inTransaction(database, () => {
    database.prepare('INSERT INTO torn SELECT seq, line FROM entry WHERE seq >= ?').run(from);
    database.prepare('DELETE FROM entry WHERE seq >= ?').run(from);
  });
  return rows.map((row) => String(row['line']));
}

/** Inserts entries in one transaction: all of them or none. */
export function insertRows(database: DatabaseSync, entries: readonly PlacedEntry[]): void {
  const marks = ['seq', 'line', 'ts', ...INDEXED].map(() => '?').join(', ');
  const insert = database.prepare(
    `INSERT INTO entry (seq, line, ts, ${INDEXED.join(', ')}) VALUES (${marks})`,
  );
  inTransaction(database, () => {
    for (const { seq, line, ts, draft } of entries) {
      insert.run(seq, line.slice(0, -1), ts, ...INDEXED.map((name) => textOf(draft, name)));
    }
  });
}

/** All of the work or none of it. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** A stored line, and what is wrong with the row around it. */
export interface StoredRow {
  readonly line: string;
  readonly fault: string | undefined;
}

/** The rows in order, from a position on. */
export function readRows(path: string, from = 0): Generator<StoredRow, void, undefined> {
  return rowsWhere(path, ['seq >= ?'], [from]);
}

/** The rows that a filter asks for, in order. */
export function findRows(path: string, filter: AuditFilter): Generator<StoredRow, void, undefined> {
  // What a polluted prototype lends a filter was not asked for.
  const own: AuditFilter = Object.assign(Object.create(null) as object, filter);
  const { since, until, after, limit } = own;
  const asked: ReadonlyArray<readonly [string, string | number | undefined]> = [
    ...INDEXED.map((name) => [`${name} = ?`, own[name]] as const),
    ['ts >= ?', since],
    ['ts < ?', until],
    ['seq > ?', after],
  ];
  const set = asked.flatMap(([clause, value]) => (value === undefined ? [] : [{ clause, value }]));
  return rowsWhere(
    path,
    set.map(({ clause }) => clause),
    set.map(({ value }) => value),
    limit,
  );
}

function* rowsWhere(
  path: string,
  clauses: readonly string[],
  values: ReadonlyArray<string | number>,
  limit = -1,
): Generator<StoredRow, void, undefined> {
  const where = clauses.length === 0 ? '' : `WHERE ${clauses.join(' AND ')}`;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const select = database.prepare(`SELECT * FROM entry ${where} ORDER BY seq LIMIT ?`);
    for (const row of select.iterate(...values, Number.isFinite(limit) ? limit : -1)) {
      const line = String(row['line']);
      yield {
        line,
        fault: agrees(row, line) ? undefined : 'what it is found by is not what it says',
      };
    }
  } finally {
    database.close();
  }
}

function agrees(row: Readonly<Record<string, unknown>>, line: string): boolean {
  try {
    const { e: entry } = JSON.parse(line) as { readonly e: Readonly<Record<string, unknown>> };
    const placed = ['seq', 'ts'].every((name) => entry[name] === row[name]);
    return placed && INDEXED.every((name) => textOf(entry, name) === row[name]);
  } catch {
    // The chain says what is wrong with the line.
    return true;
  }
}
