import { allowAll, createGuard, type PolicyInput } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Tools that answer bit by bit. */
export function streams<Tools>(harness: AdapterHarness<Tools>): void {
  const { streaming } = harness.capabilities;
  const progress = () =>
    sample('progress', {
      async *stream() {
        yield 'one';
        yield 'two';
        yield 'three';
        return undefined;
      },
    });
  const policies: ReadonlyArray<[string, PolicyInput]> = [
    ['answers at once', allowAll()],
    ['answers after a wait', async () => 'allow' as const],
  ];

  it.each(policies)(
    streaming
      ? 'keep their previews and their last value under a policy that %s'
      : 'give their last value alone, as the framework has no previews, under a policy that %s',
    async (_, policy) => {
      const tools = harness.tools([progress()]);
      const guard = createGuard({ policy });
      const plain = await harness.run(tools, [[call('progress')]]);
      const guarded = await harness.run(harness.guard(tools, guard), [[call('progress')]]);
      const outcome = outcomeOf(guarded, 'progress');
      expect(outcome).toEqual(outcomeOf(plain, 'progress'));
      expect(outcome.previews).toEqual(streaming ? ['one', 'two', 'three'] : []);
      expect(outcome.seen).toContain('three');
      expect(await actionsOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
    },
  );

  it('start no body when denied', async () => {
    const tool = progress();
    const tools = harness.guard(harness.tools([tool]), () => 'deny');
    const run = await harness.run(tools, [[call('progress')]]);
    expect(tool.runs).toEqual([]);
    expect(outcomeOf(run, 'progress').previews).toEqual([]);
    expect(outcomeOf(run, 'progress').seen).toContain('denied');
  });

  it('that fail on the way fail for the model, and the log says so', async () => {
    const tool = sample('progress', {
      async *stream() {
        yield 'one';
        throw new Error('the line broke');
      },
    });
    const guard = createGuard({ policy: allowAll() });
    const run = await harness.run(harness.guard(harness.tools([tool]), guard), [
      [call('progress')],
    ]);
    expect(outcomeOf(run, 'progress').seen).toContain('the line broke');
    expect(await actionsOf(guard)).toEqual(['tool.allow', 'tool.outcome error']);
  });

  it('keep obligations on every value', async () => {
    const tool = sample('progress', {
      async *stream() {
        yield { step: 1, token: 'first-token' };
        yield { step: 2, token: 'second-token' };
      },
    });
    const tools = harness.guard(harness.tools([tool]), () => ({
      effect: 'allow',
      obligations: [{ type: 'redact', fields: ['token'] }],
    }));
    const run = await harness.run(tools, [[call('progress')]]);
    const { previews, seen } = outcomeOf(run, 'progress');
    expect(seen).toContain('"step":2');
    expect(JSON.stringify(previews) + seen).not.toContain('-token');
  });
}
