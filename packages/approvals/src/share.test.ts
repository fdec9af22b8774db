import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { share } from './share.ts';

describe('share', () => {
  it.each([
    [[1, 1, 1], 10, [1, 1, 1]],
    [[100, 1, 100], 11, [5, 1, 5]],
    [[1, 8, 1], 10, [1, 8, 1]],
    [[5, 5], 1, [0, 1]],
    [[3, Infinity], Infinity, [3, Infinity]],
    [[], 5, []],
  ])('divides %j of %d as %j', (needs, left, shares) => {
    expect(share(needs, left)).toEqual(shares);
  });

  it('gives nobody more than needed, never more than there is, and something to everybody', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
        fc.nat(200),
        (needs, more) => {
          const left = needs.length + more;
          const shares = share(needs, left);
          const given = shares.reduce((sum, one) => sum + one, 0);
          expect(given).toBeLessThanOrEqual(left);
          for (const [i, one] of shares.entries()) {
            expect(one).toBeGreaterThanOrEqual(1);
            expect(one).toBeLessThanOrEqual(needs[i] ?? 0);
          }
          const needed = needs.reduce((sum, one) => sum + one, 0);
          if (needed <= left) expect(shares).toEqual(needs);
        },
      ),
    );
  });
});
