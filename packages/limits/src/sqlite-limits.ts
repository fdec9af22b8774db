import { checkClaims, GuardError, type Limits, ownOptions } from '@guardstile/core';
import { keptClock } from '@guardstile/sqlite';

import { digestsOf } from './digest-of.ts';
import { openLimitsFile } from './limits-file.ts';
import { tokenOf } from './token-of.ts';
import { type DigestedClaim, usedRows } from './used-rows.ts';

/** How limits are kept in a file. */
export interface SqliteLimitsOptions {
  /** @default Date.now */
  readonly clock?: () => number;
}

/** Limits in a file. */
export interface SqliteLimits extends Limits {
  /** Writes what is left to be written and ends the connection. */
  close(): void;
}

/**
 * What came of a try to reserve: it is taken; so much has ended that only some of it was forgotten, so
 * that other processes get a turn; or which claim asks for more than is left.
 */
type Answer = 'taken' | 'behind' | { readonly n: number; readonly left: number };

const CLOCK = {
  read: 'SELECT time, ahead FROM clock',
  keep: `INSERT INTO clock (id, time, ahead) VALUES (1, ?, ?)
    ON CONFLICT (id) DO UPDATE SET time = excluded.time, ahead = excluded.ahead`,
};

/** How long what was settled may stay unwritten, in milliseconds. */
const SOON_MS = 1000;

/**
 * Limits in a file that any number of processes of one machine share. What is reserved is on the disk
 * when `reserve` answers. What is settled is written with the next reservation, within a second at
 * most, and at once where others wait for it (`windowMs: 0`): until then, and where a crash comes
 * first, it counts as running, which never counts for less.
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
  const file = openLimitsFile(path);
  const digestOf = digestsOf();
  const rows = usedRows(file);
  const time = keptClock(file, CLOCK, clock);
  /** When it was settled, by its token. */
  const settled = new Map<string, number>();
  /** Reservations that others wait for. */
  const slots = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function change<T>(write: typeof file.write, work: () => T): T {
    const result = write(() => {
      for (const [token, now] of settled) rows.settle(token, now);
      return work();
    });
    settled.clear();
    return result;
  }

  function catchUp(): void {
    if (settled.size > 0) change(file.writeSoon, () => undefined);
  }

  /** One timer for all that is settled until it fires: starting one for each costs more than settling. */
  function soon(): void {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      try {
        catchUp();
      } catch {
        // It counts as running until the file can be written again.
      }
    }, SOON_MS);
    timer.unref();
  }

  /** Takes all that is claimed, or nothing; within a transaction. */
  function take(token: string, claims: readonly DigestedClaim[], leaseMs: number): Answer {
    const [first] = claims;
    if (first === undefined) return 'taken';
    const { isKnown, next, amount: used, mark } = rows.look(token, first.key);
    if (isKnown) return 'taken';
    const now = time.now(mark);
    const isBehind = next <= now;
    if (isBehind && !rows.forget(now)) return 'behind';
    const wanted = new Map([[first.key, isBehind ? rows.amountOf(first.key) : used]]);
    for (const [n, { key, amount, max }] of claims.entries()) {
      const before = wanted.get(key) ?? rows.amountOf(key);
      const left = Math.max(0, max - before);
      if (amount > left) return { n, left };
      wanted.set(key, before + amount);
    }
    rows.add(token, claims, ({ windowMs }) => now + Math.max(windowMs, leaseMs));
    if (claims.some(({ windowMs }) => windowMs === 0)) slots.add(token);
    return 'taken';
  }

  return {
    name: 'sqlite',
    reserve(claims, attempt, leaseMs) {
      checkClaims(claims, leaseMs);
      const token = tokenOf(attempt);
      const digested = claims.map((claim) => ({ ...claim, key: digestOf(claim.key) }));
      const turn = (): Answer => change(file.write, () => take(token, digested, leaseMs));
      let answer = turn();
      while (answer === 'behind') answer = turn();
      if (answer === 'taken') return { ok: true, token: attempt };
      return { ok: false, key: claims[answer.n]?.key ?? '', left: answer.left };
    },
    renew: (attempt, leaseMs) =>
      change(file.writeSoon, () => rows.renew(tokenOf(attempt), time.now(), leaseMs)),
    settle(attempt) {
      const token = tokenOf(attempt);
      if (!settled.has(token)) settled.set(token, time.glance());
      if (slots.delete(token)) catchUp();
      else soon();
    },
    release(attempt) {
      const token = tokenOf(attempt);
      change(file.writeSoon, () => rows.remove(token));
      slots.delete(token);
    },
    close() {
      clearTimeout(timer);
      try {
        catchUp();
      } finally {
        file.close();
      }
    },
  };
}
