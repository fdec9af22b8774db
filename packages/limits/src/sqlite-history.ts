import { digestOf } from './digest-of.ts';
import { type SessionHistory, sessionText } from './session-history.ts';
import { openLimitsFile } from './limits-file.ts';

/** Histories in a file. */
export interface SqliteHistory extends SessionHistory {
  /** Ends the connection. */
  close(): void;
}

/** How long what happened counts, in milliseconds: thirty days. */
const KEPT_MS = 30 * 86_400_000;

/**
 * Histories of sessions in a file that any number of processes of one machine share, limits in the
 * same file or not. What happened counts for thirty days.
 *
 * @throws {GuardError} `limits_error` when the file cannot be used.
 *
 * @example
 * const hooks = orderHooks([{ id: 'reviewed', tool: 'transfer', after: 'review' }], sqliteHistory('limits.db'));
 */
export function sqliteHistory(path: string): SqliteHistory {
  const file = openLimitsFile(path);
  const find = file.prepare('SELECT 1 FROM history WHERE session = ? AND event = ? AND at > ?');
  const add = file.prepare(
    `INSERT INTO history (session, event, at) VALUES (?, ?, ?)
     ON CONFLICT (session, event) DO UPDATE SET at = max(at, excluded.at)`,
  );
  const forget = file.prepare('DELETE FROM history WHERE at <= ?');
  const named = (event: string, session: Parameters<typeof sessionText>[0]): [string, string] => [
    digestOf(sessionText(session)),
    digestOf(event),
  ];
  return {
    name: 'sqlite',
    has: (session, event) =>
      file.read(() => find.get(...named(event, session), Date.now() - KEPT_MS)) !== undefined,
    // What a power failure loses has to be done again.
    add: (session, event) =>
      file.writeSoon(() => {
        const now = Date.now();
        forget.run(now - KEPT_MS);
        add.run(...named(event, session), now);
      }),
    close: file.close,
  };
}
