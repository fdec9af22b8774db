import { createGuard, type PolicyInput } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Policies that fail, or answer what nobody understands. */
export function brokenPolicies<Tools>(harness: AdapterHarness<Tools>): void {
  const nonsense = (answer: unknown): PolicyInput => (() => answer) as PolicyInput;
  const broken: ReadonlyArray<[string, PolicyInput]> = [
    [
      'throws',
      () => {
        throw new Error('the rules are gone');
      },
    ],
    [
      'throws nothing at all',
      () => {
        const nothing: unknown = undefined;
        throw nothing;
      },
    ],
    ['rejects', () => Promise.reject(new Error('the rules are gone'))],
    ['never answers', () => new Promise<never>(() => undefined)],
    ['answers nothing', nonsense(undefined)],
    ['answers null', nonsense(null)],
    ['answers true', nonsense(true)],
    ['answers a word of its own', nonsense('yes')],
    ['answers an effect of its own', nonsense({ effect: 'permit' })],
    ['answers an inherited effect', nonsense(Object.create({ effect: 'allow' }))],
    ['answers an accessor that throws', nonsense(thrower())],
    [
      'answers an unknown obligation',
      nonsense({ effect: 'allow', obligations: [{ type: 'burn after reading' }] }),
    ],
  ];

  it.each(broken)('one that %s denies and does not end the run', async (_, policy) => {
    const [weather, later] = [sample('weather'), sample('later')];
    const guard = createGuard({ policy, policyTimeoutMs: 20 });
    const tools = harness.guard(harness.tools([weather, later]), guard);
    const run = await harness.run(tools, [[call('weather')], [call('later')]]);
    expect(weather.runs).toEqual([]);
    expect(later.runs).toEqual([]);
    expect(run.waiting).toEqual([]);
    expect(run.answer).toBeDefined();
    expect(outcomeOf(run, 'weather').seen).toMatch(/weather.*policy/s);
    expect(outcomeOf(run, 'later').seen).toMatch(/later.*policy/s);
    expect(await actionsOf(guard)).toEqual(['tool.deny', 'tool.deny']);
  });
}

function thrower(): object {
  return Object.defineProperty({}, 'effect', {
    enumerable: true,
    get: () => {
      throw new Error('no peeking');
    },
  });
}
