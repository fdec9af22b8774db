import { allowAll, createGuard, type PolicyInput } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Several guards around one tool, and one guard several times. */
export function nesting<Tools>(harness: AdapterHarness<Tools>): void {
  const except =
    (name: string): PolicyInput =>
    ({ tool }) =>
      tool.name === name ? { effect: 'deny', reason: `${name} is closed` } : 'allow';

  it('enforces both of two guards', async () => {
    const samples = [sample('weather'), sample('wipe'), sample('refund')];
    const [inner, outer] = [except('wipe'), except('refund')].map((policy) =>
      createGuard({ policy }),
    ) as [ReturnType<typeof createGuard>, ReturnType<typeof createGuard>];
    const once = harness.guard(harness.tools(samples), inner);
    const tools = harness.guard(once, outer);
    const run = await harness.run(tools, [[call('weather'), call('wipe'), call('refund')]]);
    expect(samples.map(({ runs }) => runs.length)).toEqual([1, 0, 0]);
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
    expect(outcomeOf(run, 'wipe').seen).toContain('wipe is closed');
    expect(outcomeOf(run, 'refund').seen).toContain('refund is closed');
    expect((await actionsOf(inner)).toSorted()).toEqual(
      ['tool.allow', 'tool.deny', 'tool.outcome ok'].toSorted(),
    );
    expect((await actionsOf(outer)).toSorted()).toEqual(
      ['tool.allow', 'tool.allow', 'tool.deny', 'tool.outcome error', 'tool.outcome ok'].toSorted(),
    );
  });

  it.each([
    ['the inner', 0],
    ['the outer', 1],
  ])('asks an approver of %s guard', async (_, asking) => {
    const refund = sample('refund');
    let asked = 0;
    const guards = [0, 1].map((index) =>
      createGuard({
        policy: () => (index === asking ? 'ask' : 'allow'),
        approver: () => {
          asked += 1;
          return 'approve';
        },
      }),
    );
    const tools = guards.reduce(
      (given, guard) => harness.guard(given, guard),
      harness.tools([refund]),
    );
    const run = await harness.run(tools, [[call('refund')]]);
    expect(outcomeOf(run, 'refund').seen).toContain('refund in Bern');
    expect(asked).toBe(1);
    expect(refund.runs).toHaveLength(1);
  });

  it('guards once with the same guard twice', async () => {
    const weather = sample('weather');
    const guard = createGuard({ policy: async () => 'allow' as const });
    const once = harness.guard(harness.tools([weather]), guard);
    const tools = harness.guard(once, guard);
    await harness.run(tools, [[call('weather')]]);
    expect(weather.runs).toHaveLength(1);
    expect(await actionsOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('binds guarded tools to another context of their guard, and what was stated stays', async () => {
    const frobnicate = sample('frobnicate');
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: ({ facts }, { principal }) => {
        seen.push([facts.effect, principal?.id]);
        return 'allow';
      },
      approver: () => 'deny',
    });
    const once = harness.guard(harness.tools([frobnicate]), guard, {
      facts: { frobnicate: 'readOnly' },
    });
    await harness.run(harness.guard(once, guard.with({ principal: { id: 'ada' } })), [
      [call('frobnicate')],
    ]);
    await harness.run(once, [[call('frobnicate')]]);
    expect(seen).toEqual([
      ['readOnly', 'ada'],
      ['readOnly', undefined],
    ]);
    expect(await actionsOf(guard)).toHaveLength(4);
  });

  it('keeps a guard that allows everything from opening what another one closed', async () => {
    const wipe = sample('wipe');
    const closed = harness.guard(harness.tools([wipe]), () => 'deny');
    await harness.run(harness.guard(closed, allowAll()), [[call('wipe')]]);
    expect(wipe.runs).toEqual([]);
  });
}
