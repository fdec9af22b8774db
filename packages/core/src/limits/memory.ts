import type { KeyedClaim, Limits, Reservation } from './limits.ts';

interface Use {
  readonly token: string;
  readonly amount: number;
  /** When it leaves the window; a reservation that is never settled leaves with its lease. */
  until: number;
}

/** Limits in the memory of this process: gone with it, not shared. */
export function memoryLimits(options: { readonly clock?: () => number } = {}): Limits {
  const { clock = Date.now } = options;
  const uses = new Map<string, Use[]>();
  const reservations = new Map<string, readonly KeyedClaim[]>();

  function current(key: string, now: number): Use[] {
    const live = (uses.get(key) ?? []).filter((use) => use.until > now);
    if (live.length === 0) uses.delete(key);
    else uses.set(key, live);
    return live;
  }

  function change(token: string, until: (claim: KeyedClaim) => number | undefined): void {
    for (const claim of reservations.get(token) ?? []) {
      const list = uses.get(claim.key) ?? [];
      const end = until(claim);
      for (const use of list) if (use.token === token) use.until = end ?? 0;
    }
  }

  return {
    name: 'memory',
    reserve(claims, attempt, leaseMs): Reservation {
      if (reservations.has(attempt)) return { ok: true, token: attempt };
      const now = clock();
      const wanted = new Map<string, number>();
      for (const claim of claims) {
        const before = wanted.get(claim.key) ?? sum(current(claim.key, now));
        // Written so that a claim that is not a number is refused too.
        if (!(claim.amount >= 0 && before + claim.amount <= claim.max)) {
          return { ok: false, key: claim.key, left: Math.max(0, claim.max - before) };
        }
        wanted.set(claim.key, before + claim.amount);
      }
      for (const { key, amount, windowMs } of claims) {
        const use: Use = { token: attempt, amount, until: now + Math.max(windowMs, leaseMs) };
        uses.set(key, [...(uses.get(key) ?? []), use]);
      }
      reservations.set(attempt, claims);
      return { ok: true, token: attempt };
    },
    renew(token, leaseMs) {
      change(token, (claim) => clock() + Math.max(claim.windowMs, leaseMs));
    },
    settle(token) {
      change(token, (claim) => clock() + claim.windowMs);
      reservations.delete(token);
    },
    release(token) {
      change(token, () => undefined);
      reservations.delete(token);
    },
  };
}

function sum(list: readonly Use[]): number {
  return list.reduce((total, use) => total + use.amount, 0);
}
