import type { ManualStopSwitch } from '@guardstile/core';

import { openLimitsFile } from './limits-file.ts';

/** A stop, whichever process made it. */
export interface Stop {
  readonly reason: string;
  lift(): void;
}

/** A stop switch in a file. */
export interface SqliteStopSwitch extends ManualStopSwitch {
  subscribe(listener: () => void): () => void;
  /** Every stop that is in force, the oldest first. */
  stops(): readonly Stop[];
  /** Lifts every stop, whichever process made it. */
  resume(): void;
  /** Ends the connection, and the looking for other processes' stops. */
  close(): void;
}

/** How often other processes' stops are looked for while calls run, in milliseconds. */
const EVERY_MS = 1000;

/**
 * A stop switch in a file that any number of processes of one machine share, limits in the same file
 * or not: thrown in one, it lets nothing start in any, and what runs is aborted within a second. It
 * stays thrown until it is lifted, whatever becomes of the process that did it.
 *
 * @throws {GuardError} `limits_error` when the file cannot be used.
 *
 * @example
 * const stop = sqliteStopSwitch('limits.db');
 * const guard = createGuard({ policy, stopSwitch: stop });
 * stop.stop('incident 7'); // here or in another process
 */
export function sqliteStopSwitch(path: string): SqliteStopSwitch {
  const file = openLimitsFile(path);
  const first = file.prepare('SELECT reason FROM stop ORDER BY id LIMIT 1');
  const every = file.prepare('SELECT id, reason FROM stop ORDER BY id');
  const insert = file.prepare('INSERT INTO stop (reason) VALUES (?)');
  const remove = file.prepare('DELETE FROM stop WHERE id = ?');
  const clear = file.prepare('DELETE FROM stop');
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function stopped(): string | undefined {
    const row = file.read(() => first.get());
    return row === undefined ? undefined : reasonOf(row);
  }

  const liftOf = (id: number | bigint) => (): void => {
    file.write(() => remove.run(id));
  };

  function tell(): void {
    for (const listener of listeners) listener();
  }

  /** A file that cannot be read stops as well: whoever runs a call finds that out. */
  function look(): void {
    try {
      if (stopped() === undefined) return;
    } catch {
      // Told below.
    }
    tell();
  }

  function rest(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    stopped,
    stop(reason) {
      const { lastInsertRowid: id } = file.write(() => insert.run(JSON.stringify(String(reason))));
      tell();
      return liftOf(id);
    },
    stops: () =>
      file.read(() =>
        every.all().map((row) => ({ reason: reasonOf(row), lift: liftOf(Number(row['id'])) })),
      ),
    resume: () => void file.write(() => clear.run()),
    subscribe(listener) {
      const own = (): void => {
        try {
          listener();
        } catch {
          // The others are told all the same.
        }
      };
      listeners.add(own);
      if (timer === undefined) {
        timer = setInterval(look, EVERY_MS);
        timer.unref();
      }
      return () => {
        listeners.delete(own);
        if (listeners.size === 0) rest();
      };
    },
    close() {
      listeners.clear();
      rest();
      file.close();
    },
  };
}

/** It is kept as JSON, whatever the text is made of. */
function reasonOf({ reason }: Readonly<Record<string, unknown>>): string {
  return String(JSON.parse(String(reason)));
}
