import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dueQueue } from './due-queue.ts';

describe('a queue by time', () => {
  it('gives what is due in the order in which it is, whatever the order it came in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 20 })),
        fc.integer({ min: -5, max: 20 }),
        (times, now) => {
          const queue = dueQueue<number>();
          for (const [i, due] of times.entries()) queue.add(i, due);
          expect(queue.isQuiet(now)).toBe(times.every((due) => due > now));
          const taken: number[] = [];
          for (let next = queue.take(now); next !== undefined; next = queue.take(now)) {
            expect(times[next.item]).toBe(next.due);
            taken.push(next.due);
          }
          expect(taken).toEqual(times.filter((due) => due <= now).toSorted((a, b) => a - b));
          expect(queue.size).toBe(times.length - taken.length);
          expect(queue.isQuiet(now)).toBe(true);
        },
      ),
    );
  });
});
