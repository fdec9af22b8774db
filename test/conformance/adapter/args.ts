import { allowAll, createGuard, type ToolCall } from '@guardstile/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { trailOf } from './trail.ts';

/** What body, policy and log get of the arguments. */
export function args<Tools>(harness: AdapterHarness<Tools>): void {
  function transforming() {
    let parsed = 0;
    const schema = z.object({
      amount: z.string().transform((text) => {
        parsed += 1;
        return Number(text) * 2;
      }),
    });
    const tool = sample('pay', { schema, run: (given) => JSON.stringify(given) });
    return { tool, parsed: () => parsed };
  }

  it('parses with a schema that transforms as often as the framework does without a guard', async () => {
    const [plain, guarded] = [transforming(), transforming()];
    const steps = [[call('pay', { amount: '21' })]];
    await harness.run(harness.tools([plain.tool]), steps);
    await harness.run(harness.guard(harness.tools([guarded.tool]), allowAll()), steps);
    expect(guarded.tool.runs).toEqual([{ amount: 42 }]);
    expect(guarded.tool.runs).toEqual(plain.tool.runs);
    expect(guarded.parsed()).toBe(plain.parsed());
  });

  it('decides on the parsed values that the body gets', async () => {
    const { tool } = transforming();
    const seen: unknown[] = [];
    const tools = harness.guard(harness.tools([tool]), (given) => {
      seen.push(given.args);
      return 'allow';
    });
    await harness.run(tools, [[call('pay', { amount: '21' })]]);
    expect(seen).not.toEqual([]);
    for (const decided of seen) expect(decided).toEqual({ amount: 42 });
  });

  it('gives real types to body and policy', async () => {
    const schema = z.object({ at: z.string().transform((text) => new Date(text)) });
    const at = '2026-01-02T03:04:05.000Z';
    const tool = sample('meet', { schema, run: () => 'ok' });
    let decided: unknown;
    const tools = harness.guard(harness.tools([tool]), (given) => {
      decided = given.args;
      return 'allow';
    });
    await harness.run(tools, [[call('meet', { at })]]);
    expect(tool.runs).toEqual([{ at: new Date(at) }]);
    expect(decided).toEqual({ at: new Date(at) });
  });

  it('runs no body and asks no policy when the arguments do not fit the schema', async () => {
    const weather = sample('weather');
    let asked = 0;
    const tools = harness.guard(harness.tools([weather]), () => {
      asked += 1;
      return 'allow';
    });
    const run = await harness.run(tools, [[call('weather', { city: 7 })]]);
    expect(weather.runs).toEqual([]);
    expect(asked).toBe(0);
    expect(run.answer).toBeDefined();
  });

  it('gives the body a copy of its own', async () => {
    const schema = z.object({ tags: z.array(z.string()) });
    let decided: ToolCall | undefined;
    let afterwards: unknown;
    const tool = sample('tag', {
      schema,
      run: (given) => {
        (given as { readonly tags: string[] }).tags.push('changed by the body');
        return 'ok';
      },
    });
    const guard = createGuard({
      policy: (given) => {
        decided = given;
        return 'allow';
      },
      hooks: {
        postTool: (given) => {
          afterwards = given.args;
        },
      },
    });
    const tools = harness.guard(harness.tools([tool]), guard);
    const run = await harness.run(tools, [[call('tag', { tags: ['own'] })]]);
    expect(outcomeOf(run, 'tag').seen).toContain('ok');
    expect(decided?.args).toEqual({ tags: ['own'] });
    expect(afterwards).toEqual({ tags: ['own'] });
    const entries = await trailOf(guard);
    expect(entries.find(({ action }) => action === 'tool.allow')?.args).toEqual({ tags: ['own'] });
  });

  it('refuses a policy the means to change them', async () => {
    const weather = sample('weather');
    const tools = harness.guard(harness.tools([weather]), (given) => {
      Reflect.set(given.args as object, 'city', 'Basel');
      return 'allow';
    });
    await harness.run(tools, [[call('weather')]]);
    expect(weather.runs).toEqual([{ city: 'Bern' }]);
  });
}
