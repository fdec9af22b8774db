import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { KeyedClaim, Limits, Reservation } from './limits.ts';
import { memoryLimits } from './memory.ts';

interface Timed {
  readonly limits: Limits;
  pass(ms: number): void;
  reserve(attempt: string, ...claims: KeyedClaim[]): Reservation;
}

const LEASE = 1000;

function timed(): Timed {
  let now = 1_000_000;
  const limits = memoryLimits({ clock: () => now });
  return {
    limits,
    pass(ms) {
      now += ms;
    },
    // In memory nothing is waited for.
    reserve: (attempt, ...claims) => limits.reserve(claims, attempt, LEASE) as Reservation,
  };
}

const claim = (fields: Partial<KeyedClaim> = {}): KeyedClaim => ({
  key: 'k',
  amount: 1,
  max: 2,
  windowMs: 100,
  ...fields,
});

// What every store of limits does is tested in test/conformance.
describe('a limit in memory', () => {
  it('keeps nothing of windows that are over', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { limits, pass, reserve } = timed();
    const used = async (): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      return process.memoryUsage().heapUsed;
    };
    const run = (from: number): void => {
      for (let i = from; i < from + 50_000; i += 1) {
        reserve(`attempt ${i}`, claim({ key: `somebody ${i}` }));
        if (i % 3 === 0) void limits.settle(`attempt ${i}`);
        if (i % 3 === 1) void limits.release(`attempt ${i}`);
        pass(10);
      }
    };
    run(0);
    const before = await used();
    run(50_000);
    run(100_000);
    // 100,000 reservations that are kept take tens of megabytes.
    expect((await used()) - before).toBeLessThan(4_000_000);
  });

  it('costs a reservation no more when many are under way', () => {
    // Quadratic cost would take minutes.
    const { reserve } = timed();
    for (let i = 0; i < 200_000; i += 1) reserve(`attempt ${i}`, claim({ max: 200_000 }));
    expect(reserve('last', claim({ max: 200_000 }))).toEqual({ ok: false, key: 'k', left: 0 });
  });

  it('costs a reservation no more when one of many uses leaves each time', () => {
    // Quadratic cost would take minutes.
    const { limits, pass, reserve } = timed();
    const wide = claim({ max: 100_000, windowMs: 100_000 });
    for (let i = 0; i < 300_000; i += 1) {
      expect(reserve(`attempt ${i}`, wide).ok).toBe(true);
      void limits.settle(`attempt ${i}`);
      pass(1);
    }
    expect(reserve('many', { ...wide, amount: 2 })).toEqual({ ok: false, key: 'k', left: 1 });
  });
});
