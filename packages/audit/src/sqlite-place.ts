import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { GuardError } from '@guardstile/core';

import { CHAIN_START, chainCheck } from './chain-check.ts';
import { createDirectory } from './durable-file.ts';
import { followWriter } from './follow-attempts.ts';
import { sha256 } from './hashing.ts';
import { formatMark, parseMark } from './log-mark.ts';
import type { LogState, LogStorage, PlacedEntry } from './log-storage.ts';
import type { FoundLog, LogPlace } from './open-log.ts';
import { rootAt } from './root-at.ts';
import { insertRows, noteIn, openRows, readRows, setAside } from './sqlite-rows.ts';

/** A database file as the place of a log. */
export function sqlitePlace(path: string, key: KeyObject): LogPlace {
  const rows = sqliteRows(path);
  return {
    name: path,
    lock: `${path}-lock`,
    create: () => createDirectory(dirname(path)),
    open() {
      const found = findLog(path, rows.database(), key);
      return {
        found,
        dropped: undefined,
        storage: sqliteStorage(path, rows, key),
        mark: ({ log, size, head, peaks, open, closed }) => {
          const mark = { log, size, head, peaks, segment: 0, offset: 0, open: [...open], closed };
          rows.keep('mark', formatMark('mark', mark, key));
        },
      };
    },
    keepCheckpoint: (note) => rows.keep('checkpoint', note),
    rootAt: (size, mark) => rootAt(path, size, mark),
  };
}

/** The writer's connection, which a failure replaces. */
interface Rows {
  /**
   * @throws {GuardError} `audit_tampered` when the path leads to another file by now.
   */
  database(): DatabaseSync;
  keep(name: string, text: string): void;
  close(): void;
}

function sqliteRows(path: string): Rows {
  let open: { readonly database: DatabaseSync; readonly inode: number } | undefined;

  function database(): DatabaseSync {
    open ??= { database: openRows(path), inode: statSync(path).ino };
    const now = statSync(path, { throwIfNoEntry: false })?.ino;
    if (now === open.inode) return open.database;
    throw notOurs(path);
  }

  return {
    database,
    keep(name, text) {
      database()
        .prepare('INSERT INTO note VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text')
        .run(name, text);
    },
    close() {
      const before = open;
      open = undefined;
      before?.database.close();
    },
  };
}

function sqliteStorage(path: string, rows: Rows, key: KeyObject): LogStorage {
  let attempted: readonly PlacedEntry[] = [];

  /** What was not acknowledged and is there all the same, because only the answer failed. */
  function leaveRows({ size }: LogState): readonly string[] {
    const database = rows.database();
    const lines = [...readRows(path, size)].map(({ line }) => line);
    const ours = lines.every((line, i) => attempted[i]?.line === `${line}\n`);
    if (!ours) throw notOurs(path);
    return lines.length === 0 ? [] : setAside(database, size);
  }

  return {
    prepare: () => undefined,
    async append(entries) {
      attempted = entries;
      insertRows(rows.database(), entries);
    },
    mend(state, cause) {
      rows.database();
      rows.close();
      const lines = leaveRows(state);
      const found = findLog(path, rows.database(), key);
      if ((found?.chain.head ?? CHAIN_START.head) !== state.head) {
        throw new Error('what is on disk is not what was acknowledged; verify the log');
      }
      const digest = sha256(Buffer.from(lines.join('\n'))).toString('hex');
      const dropped = { rows: lines.length, sha256: digest };
      const payload = { cause, ...(lines.length === 0 ? {} : { dropped }) };
      return { kind: 'recovery', action: 'log.mended', actor: 'guard', payload };
    },
    close: rows.close,
  };
}

/** Reads the log from its mark to its end. */
function findLog(path: string, database: DatabaseSync, key: KeyObject): FoundLog | undefined {
  const last = database.prepare('SELECT max(seq) AS last FROM entry').get()?.['last'];
  const size = typeof last === 'number' ? last + 1 : 0;
  const text = noteIn(database, 'mark');
  const mark = text === undefined ? undefined : parseMark('mark', text, key);
  if (mark !== undefined && size < mark.size) {
    throw new GuardError(
      'audit_rolled_back',
      `the log holds less than the ${mark.size} entries that it held before; keep it as evidence and start a new log elsewhere`,
    );
  }
  if (size === 0) return undefined;
  const from = mark ?? CHAIN_START;
  const chain = chainCheck(from, key, mark?.log);
  const open = new Set(mark?.open);
  let log = mark?.log;
  let closed = mark?.closed ?? false;
  for (const { line, fault } of readRows(path, chain.size)) {
    const read = fault === undefined ? chain.next(Buffer.from(line)) : { fault };
    if ('fault' in read) {
      throw new GuardError(
        'audit_tampered',
        `entry ${chain.size}: ${read.fault}; verify the log, keep it as evidence, and start a new one elsewhere`,
      );
    }
    const { entry } = read;
    log ??= entry.log;
    closed = entry.kind === 'close';
    followWriter(open, entry);
  }
  return log === undefined ? undefined : { log, chain, from, open, closed };
}

function notOurs(path: string): GuardError {
  return new GuardError(
    'audit_tampered',
    `${path} was written, moved or replaced by somebody else while this process wrote it; end every other writer, verify the log, and open it again`,
  );
}
