import { createGuard, type ToolOutcome } from '@guardstile/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { trailOf } from './trail.ts';

/** Applications that take part in calls. */
export function hooks<Tools>(harness: AdapterHarness<Tools>): void {
  it('may rewrite the arguments, and everything after sees the new ones', async () => {
    const weather = sample('weather');
    const decided: unknown[] = [];
    const guard = createGuard({
      policy: ({ args }) => {
        decided.push(args);
        return 'allow';
      },
      approver: () => 'deny',
      hooks: { rewrite: () => ({ args: { city: 'Basel' } }) },
    });
    const tools = harness.guard(harness.tools([weather]), guard);
    const run = await harness.run(tools, [[call('weather')]]);
    expect(weather.runs).toEqual([{ city: 'Basel' }]);
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Basel');
    expect(decided).toEqual([{ city: 'Basel' }]);
    const allowed = (await trailOf(guard)).find(({ action }) => action === 'tool.allow');
    expect(allowed?.args).toEqual({ city: 'Basel' });
  });

  it('may not rewrite them into what the schema refuses', async () => {
    const weather = sample('weather', { schema: z.object({ city: z.string().min(2) }) });
    const guard = createGuard({
      policy: () => 'allow',
      hooks: { rewrite: () => ({ args: { city: '' } }) },
    });
    const run = await harness.run(harness.guard(harness.tools([weather]), guard), [
      [call('weather')],
    ]);
    expect(weather.runs).toEqual([]);
    expect(outcomeOf(run, 'weather').seen).toContain('do not fit');
  });

  it('may deny what the policy allows', async () => {
    const weather = sample('weather');
    const guard = createGuard({
      policy: () => 'allow',
      hooks: { preTool: async () => ({ effect: 'deny', reason: 'the budget is spent' }) },
    });
    const run = await harness.run(harness.guard(harness.tools([weather]), guard), [
      [call('weather')],
    ]);
    expect(weather.runs).toEqual([]);
    expect(outcomeOf(run, 'weather').seen).toContain('the budget is spent');
  });

  it('that fail before the body deny', async () => {
    const weather = sample('weather');
    const guard = createGuard({
      policy: () => 'allow',
      hooks: {
        preTool: () => {
          throw new Error('no connection');
        },
      },
    });
    const run = await harness.run(harness.guard(harness.tools([weather]), guard), [
      [call('weather')],
    ]);
    expect(weather.runs).toEqual([]);
    expect(outcomeOf(run, 'weather').seen).toContain('no connection');
    expect(run.answer).toBeDefined();
  });

  it('are told the outcome, and failing then changes nothing', async () => {
    const outcomes: ToolOutcome[] = [];
    const guard = createGuard({
      policy: () => 'allow',
      hooks: {
        postTool: (_, outcome) => {
          outcomes.push(outcome);
          throw new Error('too late to matter');
        },
      },
    });
    const tools = harness.guard(harness.tools([sample('weather')]), guard);
    const run = await harness.run(tools, [[call('weather')]]);
    await guard.close();
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
    expect(outcomes).toMatchObject([{ status: 'ok' }]);
  });

  it('stop taking part when they are removed', async () => {
    const weather = sample('weather');
    const guard = createGuard({ policy: () => 'allow' });
    const remove = guard.hook({ preTool: () => 'deny' });
    const tools = harness.guard(harness.tools([weather]), guard);
    await harness.run(tools, [[call('weather')]]);
    expect(weather.runs).toHaveLength(0);
    remove();
    await harness.run(tools, [[call('weather')]]);
    expect(weather.runs).toHaveLength(1);
  });
}
