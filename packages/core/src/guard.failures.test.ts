import { describe, expect, it } from 'vitest';

import { entriesOf, eventsOf, expectRefusal } from '../test/harness.ts';
import { createGuard } from './guard.ts';
import type { ToolOutcome } from './hooks.ts';
import { memoryLimits } from './limits/memory.ts';
import { allowAll } from './policy/allow-all.ts';

const failure = (result: unknown): string | undefined =>
  (result as { isError?: boolean }).isError === true ? 'the server said no' : undefined;

const answer = { isError: true, noEffect: true, content: 'no password=hunter2hunter2' };

describe('a returned value that is a failure', () => {
  it('is returned as it is, and an error for log, hooks and listeners', async () => {
    const guard = createGuard({ policy: allowAll() });
    const outcomes: ToolOutcome[] = [];
    const heard = eventsOf(guard);
    guard.hook({ postTool: (_call, outcome) => void outcomes.push(outcome) });
    const tool = guard.tool({ name: 'remote', failure });
    expect(await tool.run({ args: {} }, async () => answer)).toBe(answer);
    expect(outcomes).toMatchObject([{ status: 'error', result: answer }]);
    expect(await entriesOf(guard)).toMatchObject([
      { action: 'tool.allow' },
      { action: 'tool.outcome', status: 'error', error: 'the server said no' },
    ]);
    expect(heard.map(({ type }) => type)).toContain('error');
  });

  it('keeps its shape when the tool answers synchronously', () => {
    const tool = createGuard({ policy: allowAll() }).tool({ name: 'remote', failure });
    expect(tool.run({ args: {} }, () => answer)).toBe(answer);
  });

  it('is treated by obligations like any other result', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'redact', fields: ['content'] }] }),
    });
    const tool = guard.tool({ name: 'remote', failure });
    expect(await tool.run({ args: {} }, async () => answer)).toMatchObject({
      isError: true,
      content: '[redacted]',
    });
    expect((await entriesOf(guard)).at(-1)).toMatchObject({ status: 'error' });
  });

  it('keeps spent what it reserved, whatever the value says', async () => {
    const limits = memoryLimits();
    const guard = createGuard({
      policy: () => ({ effect: 'allow', limits: [{ id: 'x', max: 1, windowMs: 60_000 }] }),
      limits,
    });
    const tool = guard.tool({ name: 'remote', failure });
    await tool.run({ args: {} }, async () => answer);
    await expectRefusal(() => tool.run({ args: {} }, async () => answer), 'limit_exceeded');
  });

  it('is one, too, when nobody can say', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tool = guard.tool({
      name: 'remote',
      failure: () => {
        throw new Error('no idea');
      },
    });
    expect(await tool.run({ args: {} }, async () => 1)).toBe(1);
    expect((await entriesOf(guard)).at(-1)).toMatchObject({
      status: 'error',
      error: expect.stringContaining('no idea') as string,
    });
  });
});

describe('facts stated for the guard', () => {
  it('are of the application\u2019s own tools, not of a server\u2019s with the same name', async () => {
    const guard = createGuard({
      policy: (tool) => (tool.facts.effect === 'readOnly' ? 'allow' : 'deny'),
      facts: { fetch_all: 'readOnly' },
    });
    const run = async (source?: string): Promise<unknown> =>
      guard
        .tool({ name: 'fetch_all', ...(source === undefined ? {} : { source }) })
        .run({ args: {} }, async () => 'ran');
    expect(await run()).toBe('ran');
    expect(await run('app')).toBe('ran');
    await expectRefusal(() => run('github'), 'denied');
  });
});
