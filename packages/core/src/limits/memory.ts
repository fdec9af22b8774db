import { checkClaims } from './check-claims.ts';
import type { Limits, Reservation } from './limits.ts';
import { steadyClock } from './steady-clock.ts';

/** What one reservation uses of one limit. */
interface Use {
  readonly key: string;
  readonly amount: number;
  readonly windowMs: number;
  /** When it leaves the window; a reservation that is never settled leaves with its lease. */
  until: number;
}

interface Held {
  readonly uses: readonly Use[];
  /** Settled: it only waits to leave the window, and cannot be given back. */
  settled: boolean;
}

/** Uses of one limit, and what they add up to. */
interface Account {
  readonly uses: Set<Use>;
  used: number;
  /** No use leaves before. */
  next: number;
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
    if (account.next <= now) expire(key, account, now);
    return account.used;
  }

  function expire(key: string, account: Account, now: number): void {
    account.used = 0;
    account.next = Infinity;
    for (const use of account.uses) {
      if (use.until <= now) account.uses.delete(use);
      else {
        account.used += use.amount;
        account.next = Math.min(account.next, use.until);
      }
    }
    if (account.uses.size === 0) accounts.delete(key);
  }

  function add(use: Use): void {
    const account = accounts.get(use.key) ?? { uses: new Set(), used: 0, next: Infinity };
    accounts.set(use.key, account);
    account.uses.add(use);
    account.used += use.amount;
    account.next = Math.min(account.next, use.until);
  }

  /** Forgets what is over. Now and then, so that it costs a reservation next to nothing. */
  function sweep(now: number): void {
    reservedSinceSweep += 1;
    if (reservedSinceSweep <= reservations.size / 2 + 100) return;
    reservedSinceSweep = 0;
    for (const [key, account] of accounts) if (account.next <= now) expire(key, account, now);
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
      const account = accounts.get(use.key);
      if (account !== undefined) account.next = Math.min(account.next, use.until);
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
