import { allowAll, createGuard, standardPolicy, toolPolicy } from '@guardstile/core';
import { dynamicTool, jsonSchema, tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { converse } from '../../../test/conformance/ai-sdk/conversation.ts';
import { guardOf, withGuard } from './index.ts';

const inputSchema = z.object({ city: z.string() });
const weather = tool({ inputSchema, execute: async ({ city }) => `sunny in ${city}` });
const OPTIONS = { toolCallId: 'call-1', messages: [], context: {} };

const seenBy = async (tools: ToolSet, name: string) =>
  JSON.stringify(await converse(tools, [{ id: 'call-1', tool: name, args: { city: 'Bern' } }]));

describe('a guarded set of tools', () => {
  it('is a new object with the same names in the same order', () => {
    const tools = { b: weather, a: weather };
    const guarded = withGuard(tools, allowAll());
    expect(guarded).not.toBe(tools);
    expect(Object.keys(guarded)).toEqual(['b', 'a']);
    expect(tools.b).toBe(weather);
  });

  it('may be empty', () => {
    expect(withGuard({}, allowAll())).toEqual({});
  });

  it('has no prototype where the given one has none, as that of an MCP client', async () => {
    const tools = Object.assign(Object.create(null) as Record<string, typeof weather>, { weather });
    const guarded = withGuard(tools, () => 'deny');
    expect(Object.getPrototypeOf(guarded)).toBe(null);
    expect(await seenBy(guarded, 'weather')).toContain('denied');
  });

  it('does not carry on tools that the given one inherits, which the SDK takes for none', () => {
    const tools = Object.create({ inherited: weather }) as { inherited: typeof weather };
    const guarded = withGuard(Object.assign(tools, { weather }), () => 'deny');
    expect(Object.keys(guarded)).toEqual(['weather']);
    expect(guarded.inherited).toBeUndefined();
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'])(
    'may have a tool named %s',
    async (name) => {
      const tools = Object.fromEntries([[name, weather]]);
      const guard = createGuard({ policy: toolPolicy({ deny: [name] }) });
      const guarded = withGuard(tools, guard, { facts: {}, toolSecrets: {} });
      expect(Object.keys(guarded)).toEqual([name]);
      expect(Object.getPrototypeOf(guarded)).toBe(Object.prototype);
      expect(await seenBy(guarded, name)).toContain('deny list');
      expect(await seenBy(withGuard(tools, allowAll()), name)).toContain('sunny in Bern');
    },
  );

  it('guards dynamic tools', async () => {
    const dynamic = dynamicTool({ inputSchema, execute: async () => 'sunny' });
    const tools = withGuard({ dynamic }, () => 'deny');
    expect(tools.dynamic.type).toBe('dynamic');
    expect(await seenBy(tools, 'dynamic')).toContain('denied');
  });

  it('guards tools of a provider that run here', async () => {
    const bash = {
      type: 'provider' as const,
      id: 'some.bash' as const,
      isProviderExecuted: false as const,
      args: {},
      inputSchema,
      execute: async () => 'rooted',
    };
    const { bash: guarded } = withGuard({ bash }, () => 'deny');
    expect(guarded).toMatchObject({ type: 'provider', id: 'some.bash', args: {} });
    await expect((guarded.execute as (input: unknown) => unknown)({})).rejects.toMatchObject({
      code: 'denied',
    });
  });

  it('has tools that the SDK does not execute as they are', () => {
    const client = tool({ inputSchema });
    const provider = {
      type: 'provider' as const,
      id: 'some.search' as const,
      isProviderExecuted: true as const,
      args: {},
      inputSchema: jsonSchema({}),
    };
    const guarded = withGuard({ client, provider }, () => 'deny');
    expect(guarded.client).toBe(client);
    expect(guarded.provider).toBe(provider);
  });

  const strangers: ReadonlyArray<[string, unknown]> = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'tool'],
    ['a function', () => 'sunny'],
    ['an empty object', {}],
    ['a list', [weather]],
    ['a promise of a tool', Promise.resolve(weather)],
    ['a tool of another framework', { name: 'weather', invoke: () => 'sunny' }],
    ['an execute that is no function', { inputSchema, execute: 'sunny' }],
  ];

  it.each(strangers)('refuses %s in the place of a tool', (_, stranger) => {
    const tools = { weather, stranger: stranger as object };
    expect(() => withGuard(tools, allowAll())).toThrow(
      expect.objectContaining({
        code: 'tool_invalid',
        message: expect.stringContaining('stranger') as string,
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', [weather]],
    ['a text', 'tools'],
  ])('refuses %s in the place of tools', (_, tools) => {
    expect(() => withGuard(tools as unknown as ToolSet, allowAll())).toThrow(
      expect.objectContaining({ code: 'tool_invalid' }),
    );
  });

  it('refuses a name that can imitate another one', () => {
    expect(() => withGuard({ weаther: weather }, allowAll())).toThrow(
      expect.objectContaining({ code: 'tool_invalid' }),
    );
  });
});

describe('what withGuard takes', () => {
  it.each([
    ['no policy', undefined, 'policy_missing'],
    ['null', null, 'policy_missing'],
    ['an empty object', {}, 'policy_invalid'],
    ['a word', 'allow', 'policy_invalid'],
    ['a copy of a guard', { ...createGuard({ policy: allowAll() }) }, 'policy_invalid'],
  ])('is refused as a policy: %s', (_, policy, code) => {
    expect(() => withGuard({ weather }, policy as never)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it.each(['facts', 'source', 'trusted', 'toolSecrets'])(
    'may be said of the tools beside a guard: %s',
    (option) => {
      const guard = createGuard({ policy: allowAll() });
      expect(() => withGuard({ weather }, guard, { [option]: undefined })).not.toThrow();
    },
  );

  it.each(['policy', 'approver', 'audit', 'hooks', 'context', 'timeoutMs', 'fact'])(
    'is refused beside a guard, which has it already or knows no such thing: %s',
    (option) => {
      const guard = createGuard({ policy: allowAll() });
      expect(() => withGuard({ weather }, guard, { [option]: undefined })).toThrow(
        expect.objectContaining({
          code: 'options_invalid',
          message: expect.stringContaining(`"${option}"`) as string,
        }),
      );
    },
  );

  it('is refused beside a policy when nobody reads it', () => {
    expect(() =>
      withGuard({ weather }, allowAll(), { aprover: () => 'approve' } as object),
    ).toThrow(expect.objectContaining({ code: 'options_invalid' }));
  });

  it('is refused as a fact when it is none', () => {
    expect(() =>
      withGuard({ weather }, allowAll(), { facts: { weather: 'safe' as never } }),
    ).toThrow(expect.objectContaining({ code: 'facts_invalid' }));
  });

  it('makes a guard of its own from a policy and options', async () => {
    const tools = withGuard({ weather }, allowAll(), {
      context: { principal: { id: 'alice' }, session: 'chat-1' },
    });
    await tools.weather.execute?.({ city: 'Bern' }, OPTIONS);
    expect(await guardOf(tools).audit?.query({ user: 'alice', action: 'tool.allow' })).toHaveLength(
      1,
    );
  });

  it('is read from own properties only', async () => {
    const annotated = tool({
      inputSchema,
      metadata: { annotations: { readOnlyHint: true } },
      execute: async () => 'sunny',
    });
    const wrapped = polluted({ trusted: true, facts: { annotated: 'readOnly' } }, () =>
      withGuard({ annotated }, standardPolicy({ mode: 'dontAsk' })),
    );
    expect(await seenBy(wrapped, 'annotated')).toContain('nothing states');
  });
});

/** Runs the function while every object inherits the members. */
function polluted<T>(members: object, run: () => T): T {
  Object.assign(Object.prototype, members);
  try {
    return run();
  } finally {
    for (const name of Object.keys(members)) Reflect.deleteProperty(Object.prototype, name);
  }
}

describe('what is said of a source', () => {
  const annotated = tool({
    inputSchema,
    metadata: { annotations: { readOnlyHint: true } },
    execute: async () => 'sunny',
  });
  const dangerous = tool({
    inputSchema,
    metadata: { annotations: { destructiveHint: true } },
    execute: async () => 'gone',
  });

  it('lets its hints be believed', async () => {
    const policy = standardPolicy({ mode: 'dontAsk' });
    const options = { source: 'github', trusted: true };
    expect(await seenBy(withGuard({ annotated }, policy, options), 'annotated')).toContain('sunny');
    expect(await seenBy(withGuard({ annotated }, policy), 'annotated')).toContain('does not ask');
  });

  it('never makes hints weaker than a name', async () => {
    const tools = withGuard({ deleteCity: annotated }, standardPolicy({ mode: 'dontAsk' }), {
      trusted: true,
    });
    expect(await seenBy(tools, 'deleteCity')).toContain('does not ask');
  });

  it('lets hints add risk without being believed', async () => {
    const policy = standardPolicy({ mode: 'dontAsk' });
    expect(await seenBy(withGuard({ dangerous }, policy), 'dangerous')).toContain('destructive');
  });

  it('tells tools of the same name apart', async () => {
    const guard = createGuard({
      policy: ({ tool: { source } }) => (source === 'github' ? 'deny' : 'allow'),
    });
    const remote = withGuard({ weather }, guard, { source: 'github' });
    const own = withGuard({ weather }, guard);
    expect(await seenBy(remote, 'weather')).toContain('denied');
    expect(await seenBy(own, 'weather')).toContain('sunny');
  });
});

describe('guardOf', () => {
  it('gives the guard of guarded tools', () => {
    const guard = createGuard({ policy: allowAll() }).with({ session: 'chat-1' });
    expect(guardOf(withGuard({ weather }, guard))).toBe(guard);
  });

  it.each([
    ['tools that nobody guarded', { weather }],
    ['a copy of guarded tools', { ...withGuard({ weather }, allowAll()) }],
  ])('refuses %s', (_, tools) => {
    expect(() => guardOf(tools)).toThrow(expect.objectContaining({ code: 'options_invalid' }));
  });
});
