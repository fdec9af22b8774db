import { allowAll, createGuard } from '@guardstile/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import type { AdapterHarness, ScriptedCall } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';

/** A guard that allows everything is invisible. */
export function transparency<Tools>(harness: AdapterHarness<Tools>): void {
  const descriptions = [
    sample('weather'),
    sample('forecast', {
      schema: z.object({ city: z.string(), days: z.number().int().default(3) }),
      run: async (args) => ({ args, list: [1, null, { deep: true }], none: undefined }),
    }),
    sample('nothing', { schema: z.object({}), run: () => undefined }),
    sample('broken', {
      run: () => {
        throw new TypeError('no such city');
      },
    }),
  ];
  const steps: ReadonlyArray<readonly ScriptedCall[]> = [
    [call('weather'), call('forecast'), call('nothing', {})],
    [
      call('broken'),
      call('weather', { city: 7 }, 'misfit'),
      call('forecast', { city: 'Basel', days: 1 }, 'again'),
    ],
  ];

  it('keeps names and their order', () => {
    const tools = harness.tools(descriptions);
    expect(harness.names(harness.guard(tools, allowAll()))).toEqual(harness.names(tools));
  });

  it('leaves the given tools as they are', async () => {
    const tools = harness.tools([sample('weather')]);
    harness.guard(tools, () => 'deny');
    const run = await harness.run(tools, [[call('weather')]]);
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
  });

  it('tells the model the same of the tools', async () => {
    const tools = harness.tools(descriptions);
    const plain = await harness.run(tools, steps);
    const guarded = await harness.run(harness.guard(tools, allowAll()), steps);
    expect(plain.offered).toBeDefined();
    expect(guarded.offered).toEqual(plain.offered);
  });

  it.each([
    ['a guard that allows everything', allowAll()],
    ['an asynchronous policy', async () => 'allow' as const],
  ])('sends the model the same messages with %s', async (_, policy) => {
    const tools = harness.tools(descriptions);
    const plain = await harness.run(tools, steps);
    const guarded = await harness.run(harness.guard(tools, createGuard({ policy })), steps);
    expect(guarded.transcript).toEqual(plain.transcript);
    expect(guarded.outcomes).toEqual(plain.outcomes);
    expect(guarded.answer).toBe(plain.answer);
    expect([...plain.outcomes.keys()].toSorted()).toEqual(
      steps
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  it('gives every call to its body', async () => {
    const tool = sample('weather');
    const tools = harness.guard(harness.tools([tool]), allowAll());
    await harness.run(tools, [[call('weather'), call('weather', { city: 'Basel' }, 'second')]]);
    expect(tool.runs).toEqual([{ city: 'Bern' }, { city: 'Basel' }]);
  });
}
