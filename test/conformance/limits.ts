import type { KeyedClaim, Limits, Reservation } from '@guardstile/core';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { limitsModel } from '../limits/limits-model.ts';

/** A store that may have to be closed. */
export type OpenLimits = Limits & { close?(): void };

/** What a store supplies to be tested. */
export interface LimitsHarness {
  readonly name: string;
  /** A new, empty store. */
  readonly open: (options: { readonly clock: () => number }) => OpenLimits;
  /** How many random sequences of commands it is compared with the model on. */
  readonly runs: number;
}

const LEASE = 1000;

const claim = (fields: Partial<KeyedClaim> = {}): KeyedClaim => ({
  key: 'k',
  amount: 1,
  max: 2,
  windowMs: 100,
  ...fields,
});

/** No two of them are the same limit, however alike they look. */
const HOSTILE_KEYS = [
  '',
  ' ',
  'k',
  'K',
  'k\0',
  'k\0\0',
  '\0',
  '\ud800',
  '\udc00',
  '\ufffd',
  '"\\ud800"',
  "'; DROP TABLE used; --",
  '__proto__',
  'constructor',
  'é',
  'e\u0301',
  'x'.repeat(1_000_000),
  'x'.repeat(1_000_001),
];

/** What every store of limits has to do, wherever it keeps them. */
export function testLimits(harness: LimitsHarness): void {
  const opened: OpenLimits[] = [];

  afterEach(() => {
    for (const limits of opened.splice(0)) limits.close?.();
  });

  function timed() {
    let now = 1_000_000;
    const limits = harness.open({ clock: () => now });
    opened.push(limits);
    return {
      limits,
      pass(ms: number) {
        now += ms;
      },
      reserve: async (attempt: string, ...claims: KeyedClaim[]): Promise<Reservation> =>
        limits.reserve(claims, attempt, LEASE),
    };
  }

  describe(harness.name, () => {
    it('lets through as much as there is and says how much is left', async () => {
      const { reserve } = timed();
      expect(await reserve('a', claim({ amount: 3, max: 10 }))).toMatchObject({ ok: true });
      expect(await reserve('b', claim({ amount: 8, max: 10 }))).toEqual({
        ok: false,
        key: 'k',
        left: 7,
      });
      expect(await reserve('c', claim({ amount: 7, max: 10 }))).toMatchObject({ ok: true });
      expect(await reserve('d', claim({ max: 10 }))).toEqual({ ok: false, key: 'k', left: 0 });
    });

    it('has nothing left, and not less, where a smaller maximum is exceeded already', async () => {
      const { reserve } = timed();
      await reserve('a', claim({ amount: 9, max: 10 }));
      expect(await reserve('b', claim({ max: 5 }))).toEqual({ ok: false, key: 'k', left: 0 });
      expect(await reserve('c', claim({ max: 10 }))).toMatchObject({ ok: true });
    });

    it('reserves all claims or none', async () => {
      const { reserve } = timed();
      expect(await reserve('a', claim({ key: 'x' }), claim({ key: 'y', amount: 3 }))).toEqual({
        ok: false,
        key: 'y',
        left: 2,
      });
      expect(await reserve('b', claim({ key: 'x', amount: 2 }))).toMatchObject({ ok: true });
    });

    it('keeps the token of a refused reservation for another try', async () => {
      const { limits, reserve } = timed();
      await reserve('a', claim({ max: 1 }));
      expect(await reserve('b', claim({ max: 1 }))).toMatchObject({ ok: false });
      await limits.settle('b');
      await limits.release('a');
      expect(await reserve('b', claim({ max: 1 }))).toMatchObject({ ok: true });
    });

    it('adds up several claims of one call on the same limit', async () => {
      const { reserve } = timed();
      expect(await reserve('a', claim({ amount: 1 }), claim({ amount: 2 }))).toEqual({
        ok: false,
        key: 'k',
        left: 1,
      });
      expect(await reserve('b', claim(), claim())).toMatchObject({ ok: true });
      expect(await reserve('c', claim())).toMatchObject({ ok: false });
    });

    it('slides: each use leaves when its own window is over, counted from when it was settled', async () => {
      const { limits, pass, reserve } = timed();
      await reserve('a', claim());
      await limits.settle('a');
      pass(60);
      await reserve('b', claim());
      await limits.settle('b');
      pass(39);
      expect(await reserve('c', claim())).toMatchObject({ ok: false });
      pass(1); // 100 since a
      expect(await reserve('d', claim())).toMatchObject({ ok: true });
      expect(await reserve('e', claim())).toMatchObject({ ok: false });
      await limits.settle('d');
      pass(60); // 160 since a, 100 since b
      expect(await reserve('f', claim())).toMatchObject({ ok: true });
    });

    it('counts a call under way for as long as its lease, and a settled one for its window', async () => {
      const { limits, pass, reserve } = timed();
      await reserve('a', claim({ max: 1 }));
      pass(LEASE - 1);
      expect(await reserve('b', claim({ max: 1 }))).toMatchObject({ ok: false });
      await limits.settle('a');
      pass(99);
      expect(await reserve('c', claim({ max: 1 }))).toMatchObject({ ok: false });
      pass(1);
      expect(await reserve('d', claim({ max: 1 }))).toMatchObject({ ok: true });
    });

    it('frees what was neither settled nor released once the lease is over, unless it was renewed', async () => {
      const { limits, pass, reserve } = timed();
      await reserve('a', claim());
      await reserve('b', claim());
      pass(LEASE - 1);
      await limits.renew('b', LEASE);
      pass(1);
      expect(await reserve('c', claim())).toMatchObject({ ok: true });
      expect(await reserve('d', claim())).toMatchObject({ ok: false });
      await limits.renew('b', 1); // never shortens
      pass(LEASE - 2);
      expect(await reserve('e', claim({ max: 1 }))).toMatchObject({ ok: false });
    });

    it('counts what a crash left behind for its whole window: perhaps it was done', async () => {
      const { pass, reserve } = timed();
      await reserve('crashed', claim({ max: 1, windowMs: 10 * LEASE }));
      pass(10 * LEASE - 1);
      expect(await reserve('a', claim({ max: 1, windowMs: 10 * LEASE }))).toMatchObject({
        ok: false,
      });
      pass(1);
      expect(await reserve('b', claim({ max: 1, windowMs: 10 * LEASE }))).toMatchObject({
        ok: true,
      });
    });

    it('does not bring back what ran out: a late renewal or settlement changes nothing', async () => {
      const { limits, pass, reserve } = timed();
      await reserve('a', claim({ max: 1 }));
      pass(LEASE);
      await limits.renew('a', LEASE);
      await limits.settle('a');
      await limits.release('a');
      expect(await reserve('b', claim({ max: 1 }))).toMatchObject({ ok: true });
      expect(await reserve('c', claim({ max: 1 }))).toMatchObject({ ok: false });
    });

    describe('a window of 0', () => {
      const slot = claim({ windowMs: 0 });

      it('counts calls at once: a slot is free as soon as its call is over', async () => {
        const { limits, reserve } = timed();
        await reserve('a', slot);
        await reserve('b', slot);
        expect(await reserve('c', slot)).toEqual({ ok: false, key: 'k', left: 0 });
        await limits.settle('a');
        expect(await reserve('d', slot)).toMatchObject({ ok: true });
        expect(await reserve('e', slot)).toMatchObject({ ok: false });
        await limits.release('b');
        expect(await reserve('f', slot)).toMatchObject({ ok: true });
      });

      it('holds a slot for as long as it is renewed, and a crash frees it with its lease', async () => {
        const { limits, pass, reserve } = timed();
        await reserve('running', slot);
        await reserve('crashed', slot);
        pass(LEASE - 1);
        await limits.renew('running', LEASE);
        expect(await reserve('c', slot)).toMatchObject({ ok: false });
        pass(1);
        expect(await reserve('d', slot)).toMatchObject({ ok: true });
        expect(await reserve('e', slot)).toMatchObject({ ok: false });
      });
    });

    it('gives back what was released', async () => {
      const { limits, reserve } = timed();
      const both = [claim({ key: 'x', max: 1 }), claim({ key: 'y', max: 1 })];
      await reserve('a', ...both);
      await limits.release('a');
      expect(await reserve('b', ...both)).toMatchObject({ ok: true });
    });

    it('takes a repeated reservation of one attempt for the same one, also when it is settled', async () => {
      const { limits, reserve } = timed();
      const first = await reserve('a', claim());
      expect(await reserve('a', claim())).toEqual(first);
      await limits.settle('a');
      expect(await reserve('a', claim())).toEqual(first);
      expect(await reserve('b', claim())).toMatchObject({ ok: true });
      expect(await reserve('c', claim())).toMatchObject({ ok: false });
    });

    it('settles and releases once: what was settled stays spent, what was released stays free', async () => {
      const { limits, pass, reserve } = timed();
      await reserve('a', claim({ max: 1 }));
      await limits.settle('a');
      pass(50);
      await limits.settle('a');
      await limits.release('a');
      await limits.renew('a', LEASE);
      expect(await reserve('b', claim({ max: 1 }))).toMatchObject({ ok: false });
      pass(50);
      expect(await reserve('c', claim({ max: 1 }))).toMatchObject({ ok: true });
      await limits.release('c');
      await limits.settle('c');
      await limits.release('c');
      expect(await reserve('d', claim({ max: 1 }))).toMatchObject({ ok: true });
    });

    it('knows nothing of tokens that it never gave', async () => {
      const { limits, reserve } = timed();
      await limits.settle('x');
      await limits.release('x');
      await limits.renew('x', LEASE);
      expect(await reserve('a', claim())).toMatchObject({ ok: true });
    });

    it.each<[string, Partial<Record<keyof KeyedClaim, unknown>>]>([
      ['a key that is no text', { key: 5 }],
      ['an amount of nothing', { amount: 0 }],
      ['an amount that is not a number', { amount: Number.NaN }],
      ['a negative amount, which would give back', { amount: -1 }],
      ['a fraction, which does not add up', { amount: 0.1 }],
      ['an amount too large to be exact', { amount: 2 ** 53, max: Number.MAX_SAFE_INTEGER }],
      ['an endless amount', { amount: Infinity }],
      ['an amount that is a text', { amount: '1' }],
      ['an amount that is a bigint', { amount: 1n }],
      ['no amount', { amount: undefined }],
      ['a maximum that is not a number', { max: Number.NaN }],
      ['a maximum below nothing', { max: -1 }],
      ['a fraction of a maximum', { max: 1.5 }],
      ['an endless maximum', { max: Infinity }],
      ['a window that is not a number, so that nothing would count', { windowMs: Number.NaN }],
      ['a window of negative length', { windowMs: -1 }],
      ['an endless window', { windowMs: Infinity }],
    ])('refuses %s with a code, reserves nothing and is not spoilt by it', async (_, fields) => {
      const { limits, reserve } = timed();
      const odd = { ...claim(), ...fields } as KeyedClaim;
      const attempt = async (): Promise<unknown> =>
        limits.reserve([claim({ key: 'other' }), odd], 'a', LEASE);
      await expect(attempt()).rejects.toMatchObject({ name: 'GuardError', code: 'limits_error' });
      expect(await reserve('b', claim({ amount: 2 }))).toMatchObject({ ok: true });
      expect(await reserve('c', claim({ key: 'other', amount: 2 }))).toMatchObject({ ok: true });
      expect(await reserve('d', claim())).toMatchObject({ ok: false });
    });

    it.each([Number.NaN, -1, 0, Infinity])('refuses a lease of %s', async (lease) => {
      const { limits } = timed();
      const attempt = async (): Promise<unknown> => limits.reserve([claim()], 'a', lease);
      await expect(attempt()).rejects.toMatchObject({ code: 'limits_error' });
    });

    it('adds up exactly to the largest whole number there is, and no further', async () => {
      const { reserve } = timed();
      const max = Number.MAX_SAFE_INTEGER;
      expect(await reserve('a', claim({ amount: max - 1, max }))).toMatchObject({ ok: true });
      expect(await reserve('b', claim({ amount: max, max }))).toEqual({
        ok: false,
        key: 'k',
        left: 1,
      });
      expect(await reserve('c', claim({ amount: 2, max }))).toMatchObject({ ok: false });
      expect(await reserve('d', claim({ amount: 1, max }), claim({ max }))).toMatchObject({
        ok: false,
        left: 0,
      });
      expect(await reserve('e', claim({ amount: 1, max }))).toMatchObject({ ok: true });
      expect(await reserve('f', claim({ amount: 1, max }))).toMatchObject({ ok: false, left: 0 });
    });

    it('tells limits and attempts apart, whatever their names are made of', async () => {
      const { limits, reserve } = timed();
      for (const [i, key] of HOSTILE_KEYS.entries()) {
        expect(await reserve(`attempt ${i}`, claim({ key, max: 1 })), key.slice(0, 20)).toEqual({
          ok: true,
          token: `attempt ${i}`,
        });
        expect(await reserve(`again ${i}`, claim({ key, max: 1 }))).toEqual({
          ok: false,
          key,
          left: 0,
        });
      }
      for (const name of HOSTILE_KEYS)
        await limits.reserve([claim({ key: 'all', max: 99 })], name, LEASE);
      expect(await reserve('count', claim({ key: 'all', amount: 99, max: 99 }))).toMatchObject({
        left: 99 - HOSTILE_KEYS.length,
      });
      for (const name of HOSTILE_KEYS) await limits.release(name);
      expect(await reserve('free', claim({ key: 'all', amount: 99, max: 99 }))).toMatchObject({
        ok: true,
      });
    });

    it('is not changed through the claims it was given', async () => {
      const { limits, pass, reserve } = timed();
      const given = { key: 'k', amount: 2, max: 2, windowMs: 100 };
      await reserve('a', given);
      given.amount = 0;
      given.windowMs = 1;
      await limits.settle('a');
      pass(99);
      expect(await reserve('b', claim())).toMatchObject({ ok: false });
    });

    it('goes on from where it stands when the clock is set back', async () => {
      const { limits, pass, reserve } = timed();
      await reserve('a', claim({ max: 1, windowMs: 60_000 }));
      await limits.settle('a');
      pass(-3_600_000);
      expect(await reserve('b', claim({ max: 1, windowMs: 60_000 }))).toMatchObject({ ok: false });
      pass(59_999);
      expect(await reserve('c', claim({ max: 1, windowMs: 60_000 }))).toMatchObject({ ok: false });
      pass(1);
      expect(await reserve('d', claim({ max: 1, windowMs: 60_000 }))).toMatchObject({ ok: true });
    });

    it('reserves nothing while its clock tells no time', async () => {
      let now = 1;
      const limits = harness.open({ clock: () => now });
      opened.push(limits);
      now = Number.NaN;
      const attempt = async (): Promise<unknown> => limits.reserve([claim()], 'a', LEASE);
      await expect(attempt()).rejects.toMatchObject({ code: 'limits_error' });
      now = 2;
      expect(await limits.reserve([claim({ amount: 2 })], 'b', LEASE)).toMatchObject({ ok: true });
    });

    it('lets many that come at once have what there is, and no more', async () => {
      const { reserve } = timed();
      const attempts = Array.from({ length: 50 }, (_, i) =>
        reserve(`attempt ${i}`, claim({ amount: 2000, max: 5000 })),
      );
      expect((await Promise.all(attempts)).filter(({ ok }) => ok)).toHaveLength(2);
    });

    it('does whatever a model does that keeps everything', async () => {
      type Step =
        | { do: 'reserve'; attempt: string; claims: readonly KeyedClaim[] }
        | { do: 'settle' | 'release' | 'renew'; attempt: string }
        | { do: 'pass'; ms: number };
      const attempt = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
      const claims = fc.array(
        fc.record({
          key: fc.constantFrom('x', 'y'),
          amount: fc.integer({ min: 1, max: 3 }),
          max: fc.nat(6),
          windowMs: fc.constantFrom(0, 50, 100, 3000),
        }),
        { minLength: 1, maxLength: 3 },
      );
      const over = fc.constantFrom('settle' as const, 'release' as const, 'renew' as const);
      const step: fc.Arbitrary<Step> = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ do: fc.constant('reserve' as const), attempt, claims }),
        },
        { weight: 3, arbitrary: fc.record({ do: over, attempt }) },
        {
          weight: 2,
          arbitrary: fc.record({
            do: fc.constant('pass' as const),
            ms: fc.constantFrom(1, 30, 60, 600, 1100),
          }),
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const { limits, pass, reserve } = timed();
          const model = limitsModel(LEASE);
          const taken = new Map<string, string>();
          for (const [i, one] of steps.entries()) {
            if (one.do === 'pass') {
              pass(one.ms);
              model.pass(one.ms);
            } else if (one.do === 'reserve') {
              // Every start of a body has a name of its own.
              const name = `${one.attempt}${i}`;
              taken.set(one.attempt, name);
              expect(await reserve(name, ...one.claims)).toEqual(model.reserve(name, one.claims));
            } else {
              const name = taken.get(one.attempt) ?? 'nobody';
              model[one.do](name);
              await (one.do === 'renew' ? limits.renew(name, LEASE) : limits[one.do](name));
            }
          }
        }),
        { numRuns: harness.runs },
      );
    });
  });
}
