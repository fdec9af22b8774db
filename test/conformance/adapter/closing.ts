import { allowAll, createGuard, stopSwitch } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Guards that let nothing run any more. */
export function closing<Tools>(harness: AdapterHarness<Tools>): void {
  it('refuses every call of a closed guard, and the run goes on', async () => {
    const weather = sample('weather');
    const guard = createGuard({ policy: allowAll() });
    const tools = harness.guard(harness.tools([weather]), guard);
    await guard.close();
    const run = await harness.run(tools, [[call('weather')]]);
    expect(weather.runs).toEqual([]);
    expect(outcomeOf(run, 'weather').seen).toContain('closed');
    expect(run.answer).toBeDefined();
  });

  it('refuses every call while the stop switch is on', async () => {
    const weather = sample('weather');
    const stop = stopSwitch();
    const guard = createGuard({ policy: allowAll(), stopSwitch: stop });
    const tools = harness.guard(harness.tools([weather]), guard);
    const release = stop.stop('an incident');
    const stopped = await harness.run(tools, [[call('weather')]]);
    expect(outcomeOf(stopped, 'weather').seen).toContain('an incident');
    expect(weather.runs).toEqual([]);
    release();
    const run = await harness.run(tools, [[call('weather')]]);
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
  });

  it('waits for what is still being written', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tools = harness.guard(harness.tools([sample('weather')]), guard);
    await harness.run(tools, [[call('weather')]]);
    await guard.close();
    expect(await actionsOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });
}
