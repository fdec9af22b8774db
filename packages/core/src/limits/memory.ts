import { checkClaims } from './check-claims.ts';
import { type DueQueue, dueQueue } from './due-queue.ts';
import type { Limits, Reservation } from './limits.ts';
import { steadyClock } from './steady-clock.ts';

/** What one reservation uses of one limit. */
interface Use {
  readonly key: string;
  readonly amount: number;
  readonly windowMs: number;
  /** When it leaves the window; a reservation that is never settled leaves with its lease. */
  until: number;
  counted: boolean;
}

interface Held {
  readonly uses: readonly Use[];
  /** Settled: it only waits to leave the window, and cannot be given back. */
  settled: boolean;
}

/** What the uses of one limit add up to. */
interface Account {
  used: number;
  /** A use is in it for every time at which it was to leave; only the latest counts. */
  readonly leaving: DueQueue<Use>;
}

/** Limits in the memory of this process: gone with it, not shared. */
export function memoryLimits(options: { readonly clock?: () => number } = {}): Limits {
  const tick = steadyClock(options.clock ?? Date.now);
  const clock = (): number => tick().time;
  const accounts = new Map<string, Account>();
  const reservations = new Map<string, Held>();
  let reservedSinceSweep = 0;

  function used(key: string, now: number): number {
    const account = accounts.get(key);
    if (account === undefined) return 0;
    expire(key, account, now);
    return account.used;
  }

  function expire(key: string, account: Account, now: number): void {
    const { leaving } = account;
    for (let next = leaving.take(now); next !== undefined; next = leaving.take(now)) {
      const { item: use, due } = next;
      if (due !== use.until || !use.counted) continue;
      use.counted = false;
      account.used -= use.amount;
    }
    if (leaving.size === 0) accounts.delete(key);
  }

  function add(use: Use): void {
    const account = accounts.get(use.key) ?? { used: 0, leaving: dueQueue() };
    accounts.set(use.key, account);
    account.leaving.add(use, use.until);
    account.used += use.amount;
  }

  /** Forgets what is over. Now and then, so that it costs a reservation next to nothing. */
  function sweep(now: number): void {
    reservedSinceSweep += 1;
    if (reservedSinceSweep <= reservations.size / 2 + 100) return;
    reservedSinceSweep = 0;
    for (const [key, account] of accounts) {
      if (!account.leaving.isQuiet(now)) expire(key, account, now);
    }
    for (const [token, { uses }] of reservations) {
      if (uses.every((use) => use.until <= now)) reservations.delete(token);
    }
  }

  /** Moves the end of what is still counted: a use whose lease ran out is over, and stays so. */
  function move(token: string, until: (use: Use) => number): void {
    const now = clock();
    for (const use of reservations.get(token)?.uses ?? []) {
      if (use.until <= now) continue;
      use.until = until(use);
      accounts.get(use.key)?.leaving.add(use, use.until);
    }
  }

  return {
    name: 'memory',
    reserve(claims, attempt, leaseMs): Reservation {
      checkClaims(claims, leaseMs);
      if (reservations.has(attempt)) return { ok: true, token: attempt };
      const now = clock();
      sweep(now);
      const wanted = new Map<string, number>();
      for (const claim of claims) {
        const before = wanted.get(claim.key) ?? used(claim.key, now);
        const left = Math.max(0, claim.max - before);
        if (claim.amount > left) return { ok: false, key: claim.key, left };
        wanted.set(claim.key, before + claim.amount);
      }
      const uses = claims.map(({ key, amount, windowMs }): Use => ({
        key,
        amount,
        windowMs,
        until: now + Math.max(windowMs, leaseMs),
        counted: true,
      }));
      for (const use of uses) add(use);
      reservations.set(attempt, { uses, settled: false });
      return { ok: true, token: attempt };
    },
    renew(token, leaseMs) {
      const now = clock();
      if (reservations.get(token)?.settled === true) return;
      move(token, (use) => Math.max(use.until, now + Math.max(use.windowMs, leaseMs)));
    },
    settle(token) {
      const now = clock();
      const held = reservations.get(token);
      if (held === undefined || held.settled) return;
      held.settled = true;
      move(token, (use) => now + use.windowMs);
    },
    release(token) {
      if (reservations.get(token)?.settled !== false) return;
      move(token, () => -Infinity);
      reservations.delete(token);
    },
  };
}
