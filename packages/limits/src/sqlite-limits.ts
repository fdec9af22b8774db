import { checkClaims, GuardError, type Limits, ownOptions } from '@guardstile/core';

import { digestOf } from './digest-of.ts';
import { keptClock } from './kept-clock.ts';
import { openStoreFile } from './store-file.ts';
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

/** Which claim asks for too much, and how much is left. */
interface TooMuch {
  readonly n: number;
  readonly left: number;
}

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
  const file = openStoreFile(path);
  const rows = usedRows(file);
  const time = keptClock(file, clock);
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
    clearTimeout(timer);
    timer = undefined;
    return result;
  }

  function catchUp(): void {
    if (settled.size > 0) change(file.writeSoon, () => undefined);
  }

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

  /** Takes all that is claimed; or answers which claim asks for too much, and how much is left. */
  function take(
    claims: readonly DigestedClaim[],
    token: string,
    endsOf: (claim: DigestedClaim) => number,
  ): TooMuch | undefined {
    const wanted = new Map<string, number>();
    for (const [n, { key, amount, max }] of claims.entries()) {
      const before = wanted.get(key) ?? rows.amountOf(key);
      const left = Math.max(0, max - before);
      if (amount > left) return { n, left };
      wanted.set(key, before + amount);
    }
    rows.add(token, claims, endsOf);
    if (claims.some(({ windowMs }) => windowMs === 0)) slots.add(token);
    return undefined;
  }

  return {
    name: 'sqlite',
    reserve(claims, attempt, leaseMs) {
      checkClaims(claims, leaseMs);
      const token = tokenOf(attempt);
      const digested = claims.map((claim) => ({ ...claim, key: digestOf(claim.key) }));
      let isBehind = false;
      let tooMuch: TooMuch | undefined;
      do {
        tooMuch = change(file.write, () => {
          const { isKnown, next, mark } = rows.look(token);
          const now = time.now(mark);
          // What has ended is forgotten some at a time, so that other processes get a turn.
          isBehind = !isKnown && next <= now && !rows.forget(now);
          if (isKnown) return undefined;
          return isBehind
            ? undefined
            : take(digested, token, ({ windowMs }) => now + Math.max(windowMs, leaseMs));
        });
      } while (isBehind);
      if (tooMuch === undefined) return { ok: true, token: attempt };
      return { ok: false, key: claims[tooMuch.n]?.key ?? '', left: tooMuch.left };
    },
    renew: (given, leaseMs) =>
      change(file.writeSoon, () => rows.renew(tokenOf(given), time.now(), leaseMs)),
    settle(given) {
      const token = tokenOf(given);
      if (!settled.has(token)) settled.set(token, time.glance());
      if (slots.delete(token)) catchUp();
      else soon();
    },
    release(given) {
      const token = tokenOf(given);
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
