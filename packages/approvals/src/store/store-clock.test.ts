import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type ClockMark, isNewer, storeClock } from './store-clock.ts';

const START: ClockMark = { time: 0, ahead: 0 };

describe('the clock of a store', () => {
  it('is the given one while that goes forward', () => {
    let now = 5;
    const tick = storeClock(() => now);
    expect(tick(START)).toEqual({ time: 5, ahead: 0 });
    now = 100_000;
    expect(tick(START)).toEqual({ time: 100_000, ahead: 0 });
  });

  it('stands still through a small step back, and goes on through a large one', () => {
    let now = 10_000;
    const tick = storeClock(() => now);
    tick(START);
    now = 9500;
    expect(tick(START)).toEqual({ time: 10_000, ahead: 0 });
    now = 4000;
    expect(tick(START)).toEqual({ time: 10_000, ahead: 6000 });
    now = 4500;
    expect(tick(START)).toEqual({ time: 10_500, ahead: 6000 });
  });

  it('goes on from where another process left it', () => {
    const tick = storeClock(() => 1000);
    expect(tick({ time: 50_000, ahead: 0 })).toEqual({ time: 50_000, ahead: 49_000 });
  });

  it('never goes backwards and never stops, however the given ones of two processes jump', () => {
    const jump = fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: -50_000, max: 50_000 }),
    );
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1 }), (jumps) => {
        let now = 1_000_000;
        let kept = START;
        const processes = [storeClock(() => now), storeClock(() => now)];
        for (const [who, by] of jumps) {
          now += by;
          const before = kept;
          const mark = processes[who]?.(kept) ?? before;
          expect(mark.time).toBeGreaterThanOrEqual(before.time);
          expect(mark.time).toBeGreaterThanOrEqual(now);
          // Half a minute on, it is half a minute later, but for the jitter.
          now += 30_000;
          const later = processes[1 - who]?.(mark) ?? before;
          expect(later.time - mark.time).toBeGreaterThanOrEqual(29_000);
          now -= 30_000;
          if (isNewer(mark, kept)) kept = mark;
        }
      }),
    );
  });

  it.each([NaN, Infinity, -Infinity])('that says %s is a store that fails', (time) => {
    expect(() => storeClock(() => time)(START)).toThrow(
      expect.objectContaining({ code: 'approval_store_error' }),
    );
  });
});
