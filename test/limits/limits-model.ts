import type { KeyedClaim, Reservation } from '@guardstile/core';

/** What a store of limits does, told as plainly as possible: everything is kept and added up anew. */
export interface LimitsModel {
  pass(ms: number): void;
  reserve(attempt: string, claims: readonly KeyedClaim[]): Reservation;
  renew(attempt: string): void;
  settle(attempt: string): void;
  release(attempt: string): void;
}

interface Use extends KeyedClaim {
  readonly attempt: string;
  ends: number;
  settled: boolean;
}

export function limitsModel(lease: number): LimitsModel {
  let now = 0;
  let uses: readonly Use[] = [];

  const open = (attempt: string): readonly Use[] =>
    uses.filter((use) => use.attempt === attempt && !use.settled && use.ends > now);
  const sum = (key: string, list: readonly KeyedClaim[]): number =>
    list.filter((one) => one.key === key).reduce((all, { amount }) => all + amount, 0);

  return {
    pass(ms) {
      now += ms;
    },
    reserve(attempt, claims) {
      const live = uses.filter(({ ends }) => ends > now);
      for (const [i, { key, amount, max }] of claims.entries()) {
        const left = Math.max(0, max - sum(key, live) - sum(key, claims.slice(0, i)));
        if (amount > left) return { ok: false, key, left };
      }
      uses = [
        ...uses,
        ...claims.map((claim) => ({
          ...claim,
          attempt,
          ends: now + Math.max(claim.windowMs, lease),
          settled: false,
        })),
      ];
      return { ok: true, token: attempt };
    },
    renew(attempt) {
      for (const use of open(attempt)) {
        use.ends = Math.max(use.ends, now + Math.max(use.windowMs, lease));
      }
    },
    settle(attempt) {
      for (const use of open(attempt)) {
        use.settled = true;
        use.ends = now + use.windowMs;
      }
    },
    release(attempt) {
      const gone = open(attempt);
      uses = uses.filter((use) => !gone.includes(use));
    },
  };
}
