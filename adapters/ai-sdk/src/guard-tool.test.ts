import {
  allowAll,
  createGuard,
  type Guard,
  type Policy,
  type ToolInfo,
  toolPolicy,
} from '@guardstile/core';
import { tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { converse } from '../../../test/conformance/ai-sdk/conversation.ts';
import { guardOf, withGuard } from './index.ts';
import { guardOptions } from './v7.ts';

const inputSchema = z.object({ city: z.string() });
const weather = tool({ inputSchema, execute: async ({ city }) => `sunny in ${city}` });

const seenBy = async (tools: ToolSet, name: string) =>
  JSON.stringify(await converse(tools, [{ id: 'call-1', tool: name, args: { city: 'Bern' } }]));

describe('a guarded tool that is guarded again', () => {
  it('is decided once by the same guard, also as a spread copy', async () => {
    const guard = createGuard({ policy: allowAll() });
    const once = withGuard({ weather }, guard);
    const tools = withGuard({ weather: { ...once.weather } }, guard);
    expect(await seenBy(tools, 'weather')).toContain('sunny in Bern');
    expect(await guard.audit?.query({ action: 'tool.allow' })).toHaveLength(1);
  });

  it('has what was changed in a copy', () => {
    const guard = createGuard({ policy: allowAll() });
    const once = withGuard({ weather }, guard);
    const changed = { ...once.weather, description: 'of a city', title: 'Weather' };
    expect(withGuard({ weather: changed }, guard).weather).toMatchObject({
      description: 'of a city',
      title: 'Weather',
      inputSchema,
    });
  });

  it('keeps its source and what was stated of it, and takes what is stated anew', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      approver: () => 'deny',
      policy: ({ tool: { source }, facts: { effect } }) => {
        seen.push([source, effect]);
        return 'allow';
      },
    });
    const once = withGuard({ weather }, guard, { source: 'github', facts: { weather: 'edit' } });
    await seenBy(withGuard(once, guard.with({ session: 'chat-1' })), 'weather');
    await seenBy(withGuard(once, guard, { facts: { weather: 'readOnly' } }), 'weather');
    expect(seen).toEqual([
      ['github', 'edit'],
      ['github', 'readOnly'],
    ]);
  });

  describe('by the same guard in another context', () => {
    const ALICE = { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' };
    const BOB = { principal: { id: 'bob' } };

    /** On whose behalf the tool is called in the end. */
    async function callersOf(again: (guard: Guard, once: ToolSet) => ToolSet): Promise<unknown[]> {
      const guard = createGuard({ policy: allowAll(), context: { agent: 'support' } });
      const once = withGuard({ weather }, guard.with(ALICE));
      await seenBy(again(guard, once), 'weather');
      const allowed = await guard.audit?.query({ action: 'tool.allow' });
      return (allowed ?? []).map(({ user, tenant, session, agent }) => [
        user,
        tenant,
        session,
        agent,
      ]);
    }

    it.each([
      ['withGuard()', (guard: Guard, once: ToolSet) => withGuard(once, guard)],
      ['a spread copy', (guard: Guard, once: ToolSet) => withGuard({ ...once }, guard)],
      ['guardOptions()', (guard: Guard, once: ToolSet) => guardOptions(once, guard).tools],
      [
        'guardOptions({ guard })',
        (guard: Guard, once: ToolSet) => guardOptions(once, { guard }).tools,
      ],
    ])('stays with whom it was bound to where nobody is named, through %s', async (_, again) => {
      expect(await callersOf(again)).toEqual([['alice', 'acme', 'chat-1', 'support']]);
    });

    it('takes what else is said from now on', async () => {
      const agent = (guard: Guard, once: ToolSet) =>
        withGuard(once, guard.with({ agent: 'billing' }));
      expect(await callersOf(agent)).toEqual([['alice', 'acme', 'chat-1', 'billing']]);
    });

    it('takes nothing along to somebody else', async () => {
      const bob = (guard: Guard, once: ToolSet) => withGuard(once, guard.with(BOB));
      expect(await callersOf(bob)).toEqual([['bob', undefined, undefined, 'support']]);
    });

    it('leads to the guard that it is bound to', () => {
      const guard = createGuard({ policy: allowAll() });
      const again = withGuard(withGuard({ weather }, guard.with(ALICE)), guard);
      expect(guardOf(again).context).toMatchObject(ALICE);
    });
  });

  it('is decided under both names when it gets another one, so that renaming opens nothing', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['weather'] }) });
    const once = withGuard({ weather }, guard);
    const renamed = withGuard({ harmless: once.weather }, guard);
    expect(await seenBy(renamed, 'harmless')).toContain('weather: denied');
    const decisions = await guard.audit?.query({ kind: 'decision' });
    expect(decisions?.map(({ tool: name, action }) => [name, action])).toEqual([
      ['harmless', 'tool.allow'],
      ['weather', 'tool.deny'],
    ]);
  });

  it('is not recognised by anything that can be copied', async () => {
    const guard = createGuard({ policy: () => 'deny' });
    const { weather: guarded } = withGuard({ weather }, guard);
    const execute = Object.defineProperties(
      async () => 'unguarded',
      Object.getOwnPropertyDescriptors(guarded.execute),
    );
    const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(guarded));
    const tools = withGuard({ weather: { ...(copy as typeof weather), execute } }, guard);
    expect(await seenBy(tools, 'weather')).toContain('denied');
  });
});

describe('tools that are guarded for every request', () => {
  function counting() {
    const resolved: ToolInfo[] = [];
    const base = allowAll();
    const policy: Policy = {
      ...base,
      resolve(info) {
        resolved.push(info);
        return base.resolve(info);
      },
    };
    const tools = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [
        `tool${i}`,
        tool({ inputSchema, execute: async () => `${i}` }),
      ]),
    );
    return { resolved, guard: createGuard({ policy }), tools };
  }

  it.each([
    ['nothing said of them', {}],
    ['facts', { facts: { tool7: 'readOnly' as const, tool8: ['network', 'readOnly'] as const } }],
    ['a source', { source: 'github', trusted: true }],
    ['secrets', { toolSecrets: { tool7: ['KEY'] } }],
  ])('have their rules resolved once each, with %s', (_, options) => {
    const { resolved, guard, tools } = counting();
    for (const id of ['alice', 'bob', 'carol']) {
      const request = withGuard(tools, guard.with({ principal: { id } }), options);
      expect(Object.keys(request)).toHaveLength(300);
    }
    expect(resolved).toHaveLength(300);
  });

  it('have their rules resolved once each when they are guarded already', () => {
    const { resolved, guard, tools } = counting();
    const once = withGuard(tools, guard, { source: 'github' });
    for (const id of ['alice', 'bob']) withGuard(once, guard.with({ principal: { id } }));
    // Once for the tools as they came, and once for the guarded ones that come back.
    expect(resolved).toHaveLength(600);
  });

  it('are resolved anew by another guard, and under another name or other options', () => {
    const { resolved, guard, tools } = counting();
    const other = counting();
    const { tool1 } = tools as { tool1: typeof weather };
    withGuard({ tool1 }, guard);
    withGuard({ renamed: tool1 }, guard);
    withGuard({ tool1 }, guard, { facts: { tool1: 'readOnly' } });
    withGuard({ tool1 }, guard, { facts: { tool1: 'edit' } });
    withGuard({ tool1 }, guard, { source: 'github' });
    withGuard({ tool1 }, guard, { source: 'github' });
    withGuard({ tool1 }, other.guard);
    expect(
      resolved.map(({ identity, facts }) => [identity.source, identity.name, facts.effect]),
    ).toEqual([
      ['app', 'tool1', 'unknown'],
      ['app', 'renamed', 'unknown'],
      ['app', 'tool1', 'readOnly'],
      ['app', 'tool1', 'edit'],
      ['github', 'tool1', 'unknown'],
    ]);
    expect(other.resolved).toHaveLength(1);
  });
});
