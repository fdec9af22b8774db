import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
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

describe('a limit in memory', () => {
  it('lets through as much as there is and says how much is left', () => {
    const { reserve } = timed();
    expect(reserve('a', claim({ amount: 3, max: 10 })).ok).toBe(true);
    expect(reserve('b', claim({ amount: 8, max: 10 }))).toEqual({ ok: false, key: 'k', left: 7 });
    expect(reserve('c', claim({ amount: 7, max: 10 })).ok).toBe(true);
    expect(reserve('d', claim({ amount: 0, max: 10 })).ok).toBe(true);
    expect(reserve('e', claim({ amount: 0.001, max: 10 }))).toEqual({
      ok: false,
      key: 'k',
      left: 0,
    });
  });

  it('reserves all claims or none', () => {
    const { reserve } = timed();
    expect(reserve('a', claim({ key: 'x' }), claim({ key: 'y', amount: 3 }))).toMatchObject({
      ok: false,
      key: 'y',
    });
    expect(reserve('b', claim({ key: 'x', amount: 2 })).ok).toBe(true);
  });

  it('adds up several claims of one call on the same limit', () => {
    const { reserve } = timed();
    expect(reserve('a', claim({ amount: 1 }), claim({ amount: 2 }))).toMatchObject({
      ok: false,
      left: 1,
    });
    expect(reserve('b', claim(), claim()).ok).toBe(true);
    expect(reserve('c', claim()).ok).toBe(false);
  });

  it('slides: each use leaves when its own window is over, counted from when it was settled', () => {
    const { limits, pass, reserve } = timed();
    reserve('a', claim());
    void limits.settle('a');
    pass(60);
    reserve('b', claim());
    void limits.settle('b');
    pass(39);
    expect(reserve('c', claim()).ok).toBe(false);
    pass(1); // 100 since a
    expect(reserve('d', claim()).ok).toBe(true);
    expect(reserve('e', claim()).ok).toBe(false);
    void limits.settle('d');
    pass(60); // 160 since a, 100 since b
    expect(reserve('f', claim()).ok).toBe(true);
  });

  it('counts a call under way for as long as its lease, and a settled one for its window', () => {
    const { limits, pass, reserve } = timed();
    reserve('a', claim({ max: 1 }));
    pass(LEASE - 1);
    expect(reserve('b', claim({ max: 1 })).ok).toBe(false);
    void limits.settle('a');
    pass(99);
    expect(reserve('c', claim({ max: 1 })).ok).toBe(false);
    pass(1);
    expect(reserve('d', claim({ max: 1 })).ok).toBe(true);
  });

  it('frees what was neither settled nor released once the lease is over, unless it was renewed', () => {
    const { limits, pass, reserve } = timed();
    reserve('a', claim());
    reserve('b', claim());
    pass(LEASE - 1);
    void limits.renew('b', LEASE);
    pass(1);
    expect(reserve('c', claim()).ok).toBe(true);
    expect(reserve('d', claim()).ok).toBe(false);
    void limits.renew('b', 1); // never shortens
    pass(LEASE - 2);
    expect(reserve('e', claim({ max: 1 })).ok).toBe(false);
  });

  it('gives back what was released', () => {
    const { limits, reserve } = timed();
    reserve('a', claim({ key: 'x', max: 1 }), claim({ key: 'y', max: 1 }));
    void limits.release('a');
    expect(reserve('b', claim({ key: 'x', max: 1 }), claim({ key: 'y', max: 1 })).ok).toBe(true);
  });

  it('takes a repeated reservation of one attempt for the same one, also when it is settled', () => {
    const { limits, reserve } = timed();
    const first = reserve('a', claim());
    expect(reserve('a', claim())).toEqual(first);
    void limits.settle('a');
    expect(reserve('a', claim())).toEqual(first);
    expect(reserve('b', claim()).ok).toBe(true);
    expect(reserve('c', claim()).ok).toBe(false);
  });

  it('settles and releases once: what was settled stays spent, what was released stays free', () => {
    const { limits, pass, reserve } = timed();
    reserve('a', claim({ max: 1 }));
    void limits.settle('a');
    pass(50);
    void limits.settle('a');
    void limits.release('a');
    void limits.renew('a', LEASE);
    expect(reserve('b', claim({ max: 1 })).ok).toBe(false);
    pass(50);
    expect(reserve('c', claim({ max: 1 })).ok).toBe(true);
    void limits.release('c');
    void limits.settle('c');
    void limits.release('c');
    expect(reserve('d', claim({ max: 1 })).ok).toBe(true);
  });

  it('knows nothing of tokens that it never gave', () => {
    const { limits, reserve } = timed();
    void limits.settle('x');
    void limits.release('x');
    void limits.renew('x', LEASE);
    expect(reserve('a', claim()).ok).toBe(true);
  });

  it.each<[string, Partial<KeyedClaim>]>([
    ['an amount that is not a number', { amount: Number.NaN }],
    ['a negative amount, which would give back', { amount: -1 }],
    ['an endless amount', { amount: Infinity, max: Infinity }],
    ['an amount that is a text', { amount: '1' as unknown as number }],
    ['a maximum that is not a number', { max: Number.NaN }],
    ['a maximum below nothing', { max: -1, amount: 0 }],
    ['a window that is not a number, so that nothing would count', { windowMs: Number.NaN }],
    ['a window of no length', { windowMs: 0 }],
    ['a window of negative length', { windowMs: -1 }],
  ])('refuses %s, and is not spoilt by it', (_name, fields) => {
    const { reserve } = timed();
    const refused = reserve('a', claim({ key: 'other' }), claim(fields));
    expect(refused).toMatchObject({ ok: false, key: 'k' });
    expect(refused.ok || Number.isFinite(refused.left) || refused.left === Infinity).toBe(true);
    expect(reserve('b', claim({ amount: 2 })).ok).toBe(true);
    expect(reserve('c', claim()).ok).toBe(false);
  });

  it('is not changed through the claims it was given', () => {
    const { limits, pass, reserve } = timed();
    const given = { key: 'k', amount: 2, max: 2, windowMs: 100 };
    reserve('a', given);
    given.amount = 0;
    given.windowMs = 1;
    void limits.settle('a');
    pass(99);
    expect(reserve('b', claim()).ok).toBe(false);
  });

  it('never lets more through than a model that keeps everything', () => {
    type Step =
      | { readonly do: 'reserve'; readonly attempt: string; readonly claims: readonly KeyedClaim[] }
      | { readonly do: 'settle'; readonly attempt: string }
      | { readonly do: 'release'; readonly attempt: string }
      | { readonly do: 'pass'; readonly ms: number };
    const attempt = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const claims = fc.array(
      fc.record({
        key: fc.constantFrom('x', 'y'),
        amount: fc.nat(3),
        max: fc.nat(6),
        windowMs: fc.constantFrom(50, 100),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('reserve' as const), attempt, claims }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), attempt }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), attempt }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('pass' as const),
          ms: fc.constantFrom(1, 30, 60, 1100),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { limits, pass, reserve } = timed();
        let now = 0;
        let model: Array<{
          attempt: string;
          key: string;
          amount: number;
          windowMs: number;
          until: number;
          settled: boolean;
        }> = [];
        const done = new Set<string>();
        for (const [i, one] of steps.entries()) {
          if (one.do === 'pass') {
            pass(one.ms);
            now += one.ms;
            continue;
          }
          if (one.do === 'settle') {
            void limits.settle(one.attempt);
            for (const use of model) {
              if (use.attempt !== one.attempt || use.settled || use.until <= now) continue;
              use.settled = true;
              use.until = now + use.windowMs;
            }
            done.add(one.attempt);
            continue;
          }
          if (one.do === 'release') {
            void limits.release(one.attempt);
            model = model.filter((use) => use.attempt !== one.attempt || use.settled);
            done.add(one.attempt);
            continue;
          }
          // Attempts are drawn anew for every start: one that is over does not come back.
          const name =
            done.has(one.attempt) || model.some((use) => use.attempt === one.attempt)
              ? `${one.attempt}${i}`
              : one.attempt;
          const fits = one.claims.every((wanted, at) => {
            const live = model.filter((use) => use.key === wanted.key && use.until > now);
            const same = one.claims.slice(0, at).filter((other) => other.key === wanted.key);
            const sum = (list: ReadonlyArray<{ amount: number }>): number =>
              list.reduce((all, { amount }) => all + amount, 0);
            return sum(live) + sum(same) + wanted.amount <= wanted.max;
          });
          expect(reserve(name, ...one.claims).ok).toBe(fits);
          if (!fits) continue;
          for (const { key, amount, windowMs } of one.claims) {
            model.push({
              attempt: name,
              key,
              amount,
              windowMs,
              until: now + Math.max(windowMs, LEASE),
              settled: false,
            });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

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
    for (let i = 0; i < 200_000; i += 1) reserve(`attempt ${i}`, claim({ max: Infinity }));
    expect(reserve('last', claim({ max: 200_000 }))).toEqual({ ok: false, key: 'k', left: 0 });
  });
});
