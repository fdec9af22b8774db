import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { deadline } from './deadline.ts';

const DAY = 24 * 60 * 60_000;

// One clock for all tests: the shared timer lives as long as the module.
beforeAll(() => {
  vi.useFakeTimers();
});

afterAll(() => {
  vi.useRealTimers();
});

describe('a deadline', () => {
  it('expires once, when its time has come', () => {
    const expire = vi.fn<() => void>();
    deadline(100, expire);
    vi.advanceTimersByTime(99);
    expect(expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expire).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(expire).toHaveBeenCalledTimes(1);
  });

  it('does not expire once it was called off, however often that is done', () => {
    const expire = vi.fn<() => void>();
    const other = vi.fn<() => void>();
    const cancel = deadline(100, expire);
    deadline(100, other);
    cancel();
    cancel();
    vi.advanceTimersByTime(100);
    expect(expire).not.toHaveBeenCalled();
    expect(other).toHaveBeenCalledTimes(1);
    cancel();
  });

  it.each([25, 30, 49, 100, 400])(
    'of %i days is kept, although timers overflow at 24.8',
    (days) => {
      const expire = vi.fn<() => void>();
      deadline(days * DAY, expire);
      vi.advanceTimersByTime(days * DAY - 1);
      expect(expire).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(expire).toHaveBeenCalledTimes(1);
    },
  );

  it('of no end never expires, and can be called off', () => {
    const expire = vi.fn<() => void>();
    const cancel = deadline(Number.POSITIVE_INFINITY, expire);
    vi.advanceTimersByTime(1000 * DAY);
    expect(expire).not.toHaveBeenCalled();
    cancel();
  });

  it('may set another one when it expires', () => {
    const expired: string[] = [];
    deadline(10, () => {
      expired.push('first');
      deadline(10, () => expired.push('second'));
    });
    vi.advanceTimersByTime(10);
    expect(expired).toEqual(['first']);
    vi.advanceTimersByTime(10);
    expect(expired).toEqual(['first', 'second']);
  });

  it('shares one timer with all others', () => {
    const before = vi.getTimerCount();
    const cancels = Array.from({ length: 1000 }, (_, i) =>
      deadline(100 + (i % 7), () => undefined),
    );
    expect(vi.getTimerCount()).toBe(Math.max(before, 1));
    for (const cancel of cancels) cancel();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of ever new lengths is kept among many thousands of them', () => {
    const expired: number[] = [];
    for (let i = 0; i < 5000; i += 1) deadline(i + 0.5, () => expired.push(i))();
    const kept = [7.25, 4000.25, 2500.25];
    for (const ms of kept) deadline(ms, () => expired.push(ms));
    vi.advanceTimersByTime(5001);
    expect(expired).toEqual([7.25, 2500.25, 4000.25]);
  });

  it('keeps every order of setting, calling off and passing of time', () => {
    const step = fc.oneof(
      fc.record({ set: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ cancel: fc.nat({ max: 40 }) }),
      fc.record({ pass: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const entries: Array<{
          readonly due: number;
          readonly cancel: () => void;
          cancelled: boolean;
          expired: number;
        }> = [];
        let now = 0;
        const check = (): void => {
          for (const { due, cancelled, expired } of entries) {
            expect(expired).toBe(due <= now && !cancelled ? 1 : 0);
          }
        };
        for (const one of steps) {
          if ('set' in one) {
            const entry = {
              due: now + one.set,
              cancelled: false,
              expired: 0,
              cancel: () => undefined as void,
            };
            entry.cancel = deadline(one.set, () => {
              entry.expired += 1;
            });
            entries.push(entry);
          } else if ('cancel' in one) {
            const entry = entries[one.cancel];
            if (entry !== undefined && entry.due > now) entry.cancelled = true;
            entry?.cancel();
          } else {
            now += one.pass;
            vi.advanceTimersByTime(one.pass);
          }
          check();
        }
        now += 100;
        vi.advanceTimersByTime(100);
        check();
      }),
      { numRuns: 300 },
    );
  });
});
