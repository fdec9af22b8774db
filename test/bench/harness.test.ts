import { describe, expect, it } from 'vitest';

import { measure } from './harness.ts';

const plan = { rounds: 2, passes: 3, burst: 2, warmupPasses: 1 };

describe('measure', () => {
  it('runs every variant in every pass, and reports each round', async () => {
    const ran: string[] = [];
    const variant = (name: string, iterations: number) => ({
      name,
      iterations,
      run: async () => void ran.push(name),
    });
    const rounds = await measure([variant('a', 1), variant('b', 3)], plan);
    // Seven passes (one to warm up) of two samples each.
    expect(ran.filter((name) => name === 'a')).toHaveLength(14);
    expect(ran.filter((name) => name === 'b')).toHaveLength(42);
    for (let pass = 0; pass < 7; pass += 1) {
      expect(new Set(ran.slice(pass * 8, pass * 8 + 8))).toEqual(new Set(['a', 'b']));
    }
    expect(rounds.map((round) => [...round].map(([name, { samples }]) => [name, samples]))).toEqual(
      [
        [
          ['a', 6],
          ['b', 6],
        ],
        [
          ['a', 6],
          ['b', 6],
        ],
      ],
    );
  });

  it('ends each sample with what belongs to it, then does what does not', async () => {
    const order: string[] = [];
    const say = (word: string) => async () => void order.push(word);
    const variant = {
      name: 'a',
      iterations: 2,
      run: say('run'),
      settle: say('settle'),
      between: say('between'),
    };
    await measure([variant], { rounds: 1, passes: 1, burst: 1, warmupPasses: 0 });
    expect(order).toEqual(['run', 'run', 'settle', 'between']);
  });
});
