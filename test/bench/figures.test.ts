import { describe, expect, it } from 'vitest';

import { compare, met, type Row, spread } from './figures.ts';
import type { Measured, Round } from './harness.ts';
import { mean, median, quantile } from './statistics.ts';
import { tableOf } from './table.ts';

function round(times: Readonly<Record<string, number>>): Round {
  const measured = (p50: number): Measured => ({
    p50,
    p99: p50 * 2,
    mean: p50,
    samples: 10,
    collecting: 0,
  });
  return new Map(Object.entries(times).map(([name, p50]) => [name, measured(p50)]));
}

describe('figures', () => {
  it('takes ratios within each round, so that a slow round changes none', () => {
    const rounds = [round({ a: 3, b: 1 }), round({ a: 300, b: 100 }), round({ a: 8, b: 2 })];
    const [row] = compare(rounds, [{ what: 'a ÷ b', of: 'a', over: 'b' }]);
    expect(row?.figures.p50).toEqual({ median: 3, lowest: 3, highest: 4 });
  });

  it('refuses to compare what was not measured', () => {
    const comparison = { what: 'a ÷ c', of: 'a', over: 'c' };
    expect(() => compare([round({ a: 1 })], [comparison])).toThrow('"c"');
  });

  it('takes a target of at most as met when it is reached, one of below when it is beaten', () => {
    const row: Row = { what: 'a', figures: { p50: spread([1]) }, targets: [] };
    expect(met(row, { statistic: 'p50', limit: 1 })).toBe(true);
    expect(met(row, { statistic: 'p50', limit: 1, kind: 'below' })).toBe(false);
    expect(met(row, { statistic: 'mean', limit: 9 })).toBe(false);
  });

  it('prints every target beside the figure reached', () => {
    const targets = [
      { statistic: 'p50' as const, limit: 2 },
      { statistic: 'mean' as const, limit: 4 },
    ];
    const figures = { p50: spread([3, 2.5, 3.5]), p99: spread([9]), mean: spread([3.25]) };
    const text = tableOf({
      title: 'A',
      notes: [],
      rows: [{ what: 'a ÷ b', figures, targets }],
      times: [],
    });
    expect(text).toContain('p50 <= 2, mean <= 4');
    expect(text).toMatch(/NO, yes +3\.000 \(2\.500 to 3\.500\) +9\.000 +3\.250$/m);
  });
});

describe('statistics', () => {
  it('interpolates between the values around a quantile', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20], 0.99)).toBeCloseTo(19.9);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('gives the middle and the mean of values in any order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(mean([9, 1, 5])).toBe(5);
  });
});
