import type { Labels } from '@guardstile/core';

import { openFlowFile, rowsOf } from './flow-file.ts';

/** Labels of sessions, in a file. */
export interface SqliteLabels extends Labels {
  /** Ends the connection. */
  close(): void;
}

/**
 * Labels of sessions in a file that any number of processes of one machine share, with what sessions
 * have seen or without it. They only grow.
 *
 * @throws {GuardError} `flow_error` when the file cannot be used.
 *
 * @example
 * const guard = createGuard({ policy, labels: sqliteLabels('flow.db') });
 */
export function sqliteLabels(path: string): SqliteLabels {
  const file = openFlowFile(path);
  const find = file.prepare('SELECT label FROM label WHERE session = ?');
  const add = file.prepare('INSERT OR IGNORE INTO label (session, label) VALUES (?, ?)');

  function labelsOf(rows: string): readonly string[] {
    return file.read(() => find.all(rows)).map(({ label }) => String(label));
  }

  return {
    name: 'sqlite',
    get: (session) => labelsOf(rowsOf(session)),
    add(session, labels) {
      const rows = rowsOf(session);
      const known = labelsOf(rows);
      const more = labels.filter((label) => !known.includes(label));
      if (more.length === 0) return;
      file.write(() => {
        for (const label of more) add.run(rows, label);
      });
    },
    close: () => file.close(),
  };
}
