import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

import { type AuditDraft, GuardError } from '@guardstile/core';

import { CHAIN_START, chainCheck, isFault } from './chain-check.ts';
import { followAttempts } from './follow-attempts.ts';
import { formatMark, parseMark } from './log-mark.ts';
import type { LogState, LogStorage } from './log-storage.ts';
import type { FoundLog, LogPlace } from './open-log.ts';
import { readLog } from './read-log.ts';
import { rootAt } from './root-at.ts';
import { insertRows, openRows, readRows } from './sqlite-rows.ts';

/** A database file as the place of a log. */
export function sqlitePlace(path: string, key: KeyObject): LogPlace {
  let database: DatabaseSync | undefined;
  const rows = (): DatabaseSync => (database ??= openRows(path));
  const keep = (name: string, text: string): void => {
    rows()
      .prepare('INSERT INTO note VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text')
      .run(name, text);
  };
  return {
    name: path,
    lock: `${path}-lock`,
    open() {
      const found = findLog(path, rows(), key);
      const storage: LogStorage = {
        prepare: () => undefined,
        async append(entries) {
          insertRows(rows(), entries);
        },
        mend(state, cause) {
          database?.close();
          database = undefined;
          checkEnd(path, rows(), state);
          const payload = { cause };
          const said: AuditDraft = {
            kind: 'recovery',
            action: 'log.mended',
            actor: 'guard',
            payload,
          };
          return said;
        },
        close: () => database?.close(),
      };
      return {
        found,
        storage,
        mark: ({ log, size, head, peaks, open, closed }) => {
          const at = { segment: 0, offset: 0 };
          keep(
            'mark',
            formatMark('mark', { log, size, head, peaks, ...at, open: [...open], closed }, key),
          );
        },
      };
    },
    keepCheckpoint: (note) => keep('checkpoint', note),
    rootAt: (size) => rootAt(path, size),
  };
}

/** Reads the log from its mark to its end. */
function findLog(path: string, database: DatabaseSync, key: KeyObject): FoundLog | undefined {
  const { count, last } = database
    .prepare('SELECT count(*) AS count, max(seq) AS last FROM entry')
    .get() as { readonly count: number; readonly last: number | null };
  const text = database.prepare("SELECT text FROM note WHERE name = 'mark'").get()?.['text'];
  const mark = typeof text === 'string' ? parseMark('mark', text, key) : undefined;
  if (mark !== undefined && (last ?? -1) < mark.size - 1) {
    throw new GuardError(
      'audit_rolled_back',
      `the log holds less than the ${mark.size} entries that it held before; keep it as evidence and start a new log elsewhere`,
    );
  }
  if (count === 0) return undefined;
  const chain = chainCheck(mark ?? CHAIN_START, key, mark?.log);
  const open = new Set(mark?.open);
  let log = mark?.log;
  let closed = mark?.closed ?? false;
  for (const { line, fault } of readRows(path, chain.size)) {
    const entry = fault === undefined ? chain.next(Buffer.from(line)) : { fault };
    if (isFault(entry)) {
      throw new GuardError(
        'audit_tampered',
        `entry ${chain.size}: ${entry.fault}; verify the log, keep it as evidence, and start a new one elsewhere`,
      );
    }
    log ??= entry.log;
    closed = entry.kind === 'close';
    followAttempts(open, entry);
  }
  return log === undefined ? undefined : { log, chain, open, closed, dropped: undefined };
}

/** That what was acknowledged is there, and nothing else. */
function checkEnd(path: string, database: DatabaseSync, { size, head }: LogState): void {
  database.prepare('DELETE FROM entry WHERE seq >= ?').run(size);
  const { chain, steps } = readLog(path, undefined);
  for (const step of steps) if ('fault' in step) break;
  if (chain.size !== size || chain.head !== head) {
    throw new Error('what is on disk is not what was acknowledged; verify the log');
  }
}
