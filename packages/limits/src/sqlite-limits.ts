import {
  checkClaims,
  type ClockMark,
  GuardError,
  type KeyedClaim,
  type Limits,
  ownOptions,
  type Reservation,
  steadyClock,
} from '@guardstile/core';

import { openStoreFile } from './store-file.ts';
import { usedRows } from './used-rows.ts';

/** How limits are kept in a file. */
export interface SqliteLimitsOptions {
  /** @default Date.now */
  readonly clock?: () => number;
}

/** Limits in a file. */
export interface SqliteLimits extends Limits {
  /** Ends the connection. */
  close(): void;
}

/** Steps of the clock that are kept: what ends within one is written anyway. */
const KEPT_MS = 1000;

/**
 * Limits in a file that any number of processes of one machine share. What is reserved is on the disk
 * when `reserve` answers; what a power failure may lose (renewals, settling, releases) only frees.
 *
 * @throws {GuardError} `options_invalid`; `limits_error` when the file cannot be used.
 *
 * @example
 * const guard = createGuard({ policy, limits: sqliteLimits('limits.db') });
 */
export function sqliteLimits(path: string, given: SqliteLimitsOptions = {}): SqliteLimits {
  const { clock = Date.now } = ownOptions('sqliteLimits', given, ['clock'], 'options_invalid');
  if (typeof clock !== 'function') {
    throw new GuardError('options_invalid', 'sqliteLimits: clock is no function');
  }
  const file = openStoreFile(path);
  const rows = usedRows(file);
  const tick = steadyClock(clock);
  const select = file.prepare('SELECT time, ahead FROM clock');
  const keep = file.prepare(
    `INSERT INTO clock (id, time, ahead) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET time = excluded.time, ahead = excluded.ahead`,
  );

  /** The store's time, within a transaction. */
  function time(): number {
    const row = select.get();
    const kept: ClockMark =
      row === undefined
        ? { time: -Infinity, ahead: 0 }
        : { time: Number(row['time']), ahead: Number(row['ahead']) };
    const mark = tick(kept);
    if (mark.ahead !== kept.ahead || mark.time - kept.time >= KEPT_MS) {
      keep.run(mark.time, mark.ahead);
    }
    return mark.time;
  }

  function take(claims: readonly KeyedClaim[], attempt: string, leaseMs: number): Reservation {
    const now = time();
    const wanted = new Map<string, number>();
    for (const { key, amount, max } of claims) {
      const before = wanted.get(key) ?? rows.amountOf(key);
      const left = Math.max(0, max - before);
      if (amount > left) return { ok: false, key, left };
      wanted.set(key, before + amount);
    }
    rows.add(attempt, claims, ({ windowMs }) => now + Math.max(windowMs, leaseMs));
    return { ok: true, token: attempt };
  }

  return {
    name: 'sqlite',
    reserve(claims, attempt, leaseMs) {
      checkClaims(claims, leaseMs);
      let reservation: Reservation | undefined;
      // What has ended is forgotten some at a time, so that other processes get a turn.
      while (reservation === undefined) {
        reservation = file.write(() => {
          if (rows.has(attempt)) return { ok: true, token: attempt };
          return rows.forget(time()) ? take(claims, attempt, leaseMs) : undefined;
        });
      }
      return reservation;
    },
    renew: (token, leaseMs) => file.writeSoon(() => rows.renew(token, time(), leaseMs)),
    settle: (token) => file.writeSoon(() => rows.settle(token, time())),
    release: (token) => file.writeSoon(() => rows.remove(token)),
    close: file.close,
  };
}
