import { GuardError } from '@guardstile/core';

import type { FlowStore } from '../flow-store.ts';
import { openFlowFile, rowsOf } from './flow-file.ts';

/** What sessions have seen, in a file. */
export interface SqliteFlowStore extends FlowStore {
  /** Ends the connection. */
  close(): void;
}

/**
 * Keeps what sessions have seen in a file that any number of processes of one machine share. Texts of
 * results lie there readable, for the owner of the file alone, until their session is ended.
 *
 * @throws {GuardError} `flow_error` when the file cannot be used.
 *
 * @example
 * const dataFlow = createDataFlow({ store: sqliteFlowStore('flow.db') });
 */
export function sqliteFlowStore(path: string): SqliteFlowStore {
  const file = openFlowFile(path);
  const last = file.prepare('SELECT max(position) AS last FROM record WHERE session = ?');
  const add = file.prepare('INSERT INTO record (session, position, record) VALUES (?, ?, ?)');
  const since = file.prepare(
    'SELECT position, record FROM record WHERE session = ? AND position > ? ORDER BY position',
  );
  const forget = file.prepare('DELETE FROM record WHERE session = ?');
  const checkpoint = file.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
  return {
    name: 'sqlite',
    append: (session, record) =>
      file.write(() => {
        const rows = rowsOf(session);
        const position = Number(last.get(rows)?.['last'] ?? 0) + 1;
        add.run(rows, position, record);
        return position;
      }),
    read(session, after) {
      const rows = file.read(() => since.all(rowsOf(session), after));
      return rows.map(({ position, record }, i) => {
        if (position === after + i + 1 && typeof record === 'string') return record;
        throw gap(path);
      });
    },
    end(session) {
      file.write(() => forget.run(rowsOf(session)));
      // Nor does it stay in what was written ahead, unless somebody is reading that just now.
      file.read(() => checkpoint.all());
    },
    close: () => file.close(),
  };
}

function gap(path: string): GuardError {
  return new GuardError(
    'flow_error',
    `the data flow file ${path} lacks a record of the session; somebody else has changed it: end the session`,
  );
}
