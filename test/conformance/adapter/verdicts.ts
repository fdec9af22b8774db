import { type PolicyFunction, standardPolicy, toolPolicy } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';

/** Allow and deny, and what the model reads of a denial. */
export function verdicts<Tools>(harness: AdapterHarness<Tools>): void {
  const inBern: PolicyFunction = ({ args }) =>
    (args as { readonly city: string }).city === 'Bern'
      ? 'allow'
      : { effect: 'deny', reason: 'only Bern is open to visitors' };

  it('runs what is allowed and gives its result to the model', async () => {
    const weather = sample('weather');
    const tools = harness.guard(harness.tools([weather]), toolPolicy({ allow: ['weather'] }));
    const run = await harness.run(tools, [[call('weather')]]);
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
    expect(weather.runs).toHaveLength(1);
  });

  it('runs no body of a tool that is denied whatever its arguments', async () => {
    const wipe = sample('wipe');
    const tools = harness.guard(harness.tools([wipe]), standardPolicy({ deny: ['wipe'] }));
    const run = await harness.run(tools, [[call('wipe')]]);
    expect(wipe.runs).toEqual([]);
    expect(outcomeOf(run, 'wipe').seen).toMatch(/wipe.*deny list/s);
  });

  it.each([
    ['at once', inBern],
    ['after a wait', async (...given: Parameters<PolicyFunction>) => inBern(...given)],
  ] satisfies ReadonlyArray<[string, PolicyFunction]>)(
    'denies single calls by a policy that answers %s, and the run goes on',
    async (_, policy) => {
      const weather = sample('weather');
      const tools = harness.guard(harness.tools([weather]), policy);
      const run = await harness.run(tools, [
        [call('weather', { city: 'Basel' }, 'refused')],
        [call('weather', { city: 'Bern' }, 'allowed')],
      ]);
      expect(outcomeOf(run, 'refused').seen).toContain('only Bern is open to visitors');
      expect(outcomeOf(run, 'allowed').seen).toContain('weather in Bern');
      expect(weather.runs).toEqual([{ city: 'Bern' }]);
      expect(run.answer).toBeDefined();
    },
  );

  it('decides each call of one step by itself', async () => {
    const [weather, wipe] = [sample('weather'), sample('wipe')];
    const tools = harness.guard(harness.tools([weather, wipe]), toolPolicy({ deny: ['wipe'] }));
    const run = await harness.run(tools, [[call('wipe'), call('weather')]]);
    expect(outcomeOf(run, 'wipe').seen).toContain('deny list');
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
    expect(wipe.runs).toEqual([]);
  });

  it('names the tool and what to do instead', async () => {
    const tools = harness.guard(harness.tools([sample('weather')]), () => ({
      effect: 'deny',
      reason: 'the quota is spent',
    }));
    const run = await harness.run(tools, [[call('weather')]]);
    expect(outcomeOf(run, 'weather').seen).toMatch(/weather.*the quota is spent.*do not call it/s);
  });
}
