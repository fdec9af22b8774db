import { type CallContext, createGuard, type Guard } from '@guardstile/core';
import { tool } from '@langchain/core/tools';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ContextOf } from './call-context.ts';
import { guardTool } from './guard-tool.ts';

const call = { type: 'tool_call', id: 'call-1', name: 'weather', args: { city: 'Bern' } } as const;
const config = {
  configurable: { thread_id: 'chat-1', user: 'ada', tenant: 'acme' },
  metadata: { lc_agent_name: 'planner' },
};
const ofConfig: ContextOf = ({ configurable }) => ({
  principal: { id: String(configurable?.['user']), tenant: 'acme' },
});

async function decidedFor(bound: CallContext, context?: ContextOf, given: object = config) {
  const seen: CallContext[] = [];
  const guard: Guard = createGuard({
    policy: (_, about) => {
      seen.push(about);
      return 'allow';
    },
  });
  let runs = 0;
  const weather = tool(() => String((runs += 1)), {
    name: 'weather',
    description: '',
    schema: z.object({ city: z.string() }),
  });
  const guarded = guardTool(weather, guard.with(bound), context === undefined ? {} : { context });
  const message = await guarded.invoke(call, given);
  const entries = (await guard.audit?.query({ tool: 'weather' })) ?? [];
  return { seen: seen.at(-1), runs, message, entries };
}

describe('the context of a call', () => {
  it('has the thread as session and the name of the agent', async () => {
    const { seen } = await decidedFor({});
    expect(seen).toMatchObject({ session: 'chat-1', agent: 'planner' });
    expect(seen?.principal).toBeUndefined();
  });

  it('has nobody whom the application does not name, whatever the config says', async () => {
    const { seen } = await decidedFor({}, undefined, {
      configurable: { user_id: 'root', principal: { id: 'root' } },
      metadata: { user_id: 'root' },
    });
    expect(seen?.principal).toBeUndefined();
  });

  it('has the principal that the application finds in the config', async () => {
    const { seen, entries } = await decidedFor({}, ofConfig);
    expect(seen).toMatchObject({ principal: { id: 'ada', tenant: 'acme' }, session: 'chat-1' });
    for (const entry of entries) {
      expect(entry).toMatchObject({ user: 'ada', tenant: 'acme', session: 'chat-1' });
    }
  });

  it('is what the guard was bound to, wherever that says something', async () => {
    const bound = { session: 'bound', agent: 'bound', principal: { id: 'ada', tenant: 'acme' } };
    const { seen } = await decidedFor(bound, (given) => ({
      ...ofConfig(given),
      session: 'found',
      metadata: { found: true },
    }));
    expect(seen).toMatchObject({ ...bound, metadata: { found: true } });
  });

  it.each([
    ['another principal', { id: 'mallory', tenant: 'acme' }],
    ['another tenant', { id: 'ada', tenant: 'other' }],
    ['a principal without the tenant', { id: 'ada' }],
  ])('that names %s than the guard is bound to denies the call', async (_, principal) => {
    const { runs, message, entries } = await decidedFor(
      { principal: { id: 'ada', tenant: 'acme' } },
      () => ({ principal }),
    );
    expect(runs).toBe(0);
    expect(message).toMatchObject({ status: 'error' });
    expect(message.content).toContain('another principal');
    expect(entries.map(({ action, user }) => [action, user])).toEqual([['tool.deny', 'ada']]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no such session');
      },
    ],
    ['answers nonsense', () => ({ principal: { name: 'ada' } }) as never],
    ['answers a promise', (async () => ({ principal: { id: 'ada' } })) as never],
    ['answers a name', () => 'ada' as never],
    ['answers a list', () => [{ principal: { id: 'ada' } }] as never],
    ['answers null', () => null as never],
  ] satisfies ReadonlyArray<[string, ContextOf]>)(
    'that cannot be found denies the call: the function %s',
    async (_, context) => {
      const { runs, message, entries } = await decidedFor({}, context);
      expect(runs).toBe(0);
      expect(message).toMatchObject({ status: 'error' });
      expect(entries.map(({ action }) => action)).toEqual(['tool.deny']);
    },
  );
});
