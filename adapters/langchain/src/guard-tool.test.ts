import { allowAll, createGuard, type CallContext, type Guard, memoryAudit } from '@guardstile/core';
import { ToolMessage } from '@langchain/core/messages';
import { RunnableLambda } from '@langchain/core/runnables';
import { DynamicStructuredTool, DynamicTool, StructuredTool, tool } from '@langchain/core/tools';
import { convertToOpenAITool } from '@langchain/core/utils/function_calling';
import { Command } from '@langchain/langgraph';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { guardTool, type ToolLike } from './guard-tool.ts';

const City = z.object({ city: z.string() });
const fields = { name: 'weather', description: 'Weather of a city', schema: City };
const deny = () => createGuard({ policy: () => 'deny' });
const allow = () => createGuard({ policy: allowAll() });

function weather(body: (args: unknown, config: object) => unknown = () => 'sunny') {
  const runs: unknown[] = [];
  const made = tool((args, config) => {
    runs.push(args);
    return body(args, config);
  }, fields);
  return { runs, tool: made };
}

function call(args: object = { city: 'Bern' }, name = 'weather') {
  return { type: 'tool_call' as const, id: 'call-1', name, args: { ...args } };
}

async function actionsOf(guard: Guard): Promise<readonly string[]> {
  await guard.close();
  const entries = (await guard.audit?.query()) ?? [];
  return entries.filter(({ kind }) => kind !== 'genesis').map(({ action }) => action);
}

describe('a guarded tool', () => {
  it('is of the same class, with the same members', () => {
    const original = tool(() => ['text', 1], {
      ...fields,
      responseFormat: 'content_and_artifact',
      returnDirect: true,
      verboseParsingErrors: true,
      extras: { cache: true },
      metadata: { team: 'sky' },
      tags: ['sky'],
    });
    const guarded = guardTool(original, allow());
    expect(guarded).not.toBe(original);
    expect(guarded).toBeInstanceOf(DynamicStructuredTool);
    expect(guarded.constructor).toBe(original.constructor);
    expect(guarded.lc_namespace).toEqual(original.lc_namespace);
    expect(guarded.lc_id).toEqual(original.lc_id);
    for (const key of Object.keys(original)) {
      if (['func', 'lc_kwargs'].includes(key)) continue;
      expect(Reflect.get(guarded, key)).toBe(Reflect.get(original, key));
    }
    expect(convertToOpenAITool(guarded)).toEqual(convertToOpenAITool(original));
    expect(JSON.stringify(guarded)).toBe(JSON.stringify(original));
  });

  it('leaves the given tool as it is, frozen ones too', async () => {
    const { tool: original, runs } = weather();
    const before = { ...Object.getOwnPropertyDescriptors(original) };
    guardTool(Object.freeze(original), deny());
    expect(Object.keys(Object.getOwnPropertyDescriptors(original))).toEqual(Object.keys(before));
    await original.invoke({ city: 'Bern' });
    expect(runs).toHaveLength(1);
  });

  it('answers a denied call of the model with an error that says why', async () => {
    const { tool: original, runs } = weather();
    const message = await guardTool(original, deny()).invoke(call());
    expect(message).toBeInstanceOf(ToolMessage);
    expect(message).toMatchObject({ status: 'error', tool_call_id: 'call-1', name: 'weather' });
    expect(message.content).toMatch(/^weather: denied.*do not call it again/);
    expect(runs).toEqual([]);
  });

  it('does so where a result has content and artifact', async () => {
    const pair = tool(() => ['text', 1], { ...fields, responseFormat: 'content_and_artifact' });
    expect(await guardTool(pair, allow()).invoke(call())).toMatchObject({
      status: 'success',
      content: 'text',
      artifact: 1,
    });
    expect(await guardTool(pair, deny()).invoke(call())).toMatchObject({
      status: 'error',
      tool_call_id: 'call-1',
    });
  });

  it('throws a coded error at application code, which has no id', async () => {
    const guarded = guardTool(weather().tool, deny());
    await expect(guarded.invoke({ city: 'Bern' })).rejects.toMatchObject({
      name: 'GuardError',
      code: 'denied',
      tool: 'weather',
    });
  });

  it('does not answer the call of an outer tool that passed its config on', async () => {
    const inner = guardTool(weather().tool, deny());
    const outer = tool((args, config) => inner.invoke(args, config), { ...fields, name: 'outer' });
    await expect(outer.invoke(call({ city: 'Bern' }, 'outer'))).rejects.toMatchObject({
      code: 'denied',
      tool: 'weather',
    });
  });

  it('lets an outer guarded tool fail with what its body was refused', async () => {
    const inner = guardTool(weather().tool, deny());
    const outer = tool((args) => inner.invoke(args), { ...fields, name: 'outer' });
    const guard = allow();
    const failing = guardTool(outer, guard).invoke(call({ city: 'Bern' }, 'outer'));
    await expect(failing).rejects.toMatchObject({ code: 'denied', tool: 'weather' });
    const outcomes = await guard.audit?.query({ action: 'tool.outcome' });
    expect(outcomes).toMatchObject([{ status: 'error', tool: 'outer' }]);
  });

  it('keeps the very error of its body', async () => {
    const error = new TypeError('no such city');
    const { tool: original } = weather(() => {
      throw error;
    });
    await expect(guardTool(original, allow()).invoke(call())).rejects.toBe(error);
  });

  it('is asked about in this process without any graph', async () => {
    const { tool: original, runs } = weather();
    const guard = createGuard({ policy: () => 'ask', approver: () => 'approve' });
    expect(await guardTool(original, guard).invoke(call())).toMatchObject({ content: 'sunny' });
    expect(runs).toHaveLength(1);
  });

  it('is refused what nobody can be asked about', async () => {
    const { tool: original, runs } = weather();
    const guarded = guardTool(original, createGuard({ policy: () => 'ask' }));
    expect(await guarded.invoke(call())).toMatchObject({
      status: 'error',
      content: expect.stringContaining('nobody can be asked here') as string,
    });
    expect(runs).toEqual([]);
  });

  it('hands on Commands and messages of its body as they are', async () => {
    const command = new Command({ update: { done: true } });
    const message = new ToolMessage({ content: 'own', tool_call_id: 'call-1', status: 'error' });
    for (const result of [command, message]) {
      const guarded = guardTool(weather(() => result).tool, allow());
      expect(await guarded.invoke(call())).toBe(result);
      expect(await guarded.invoke({ city: 'Bern' })).toBe(result);
    }
  });

  it('hands on what a graph gives to a tool: state, store, context and id', async () => {
    const seen: object[] = [];
    const guarded = guardTool(
      weather((_, config) => {
        seen.push(config);
        return 'sunny';
      }).tool,
      allow(),
    );
    const runtime = {
      state: { messages: [] },
      store: {},
      context: { userId: 'ada' },
      writer: () => undefined,
      toolCallId: 'call-1',
    };
    await guarded.invoke(call(), { ...runtime, configurable: { thread_id: 'chat-1' } } as never);
    expect(seen).toMatchObject([{ ...runtime, configurable: { thread_id: 'chat-1' } }]);
  });

  it('streams what its body yields to handlers, and returns its last word', async () => {
    const events: unknown[] = [];
    const generator = tool(async function* () {
      yield { step: 1, token: 'first-token' };
      yield { step: 2, token: 'second-token' };
      return 'done';
    }, fields);
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'redact', fields: ['token'] }] }),
    });
    const handler = {
      handleToolEvent: (chunk: unknown) => events.push(chunk),
      awaitHandlers: true,
    };
    const guarded = guardTool(generator, guard);
    expect(await guarded.invoke(call(), { callbacks: [handler] })).toMatchObject({
      content: 'done',
    });
    expect(events).toMatchObject([{ step: 1 }, { step: 2 }]);
    expect(JSON.stringify(events)).not.toContain('-token');
    expect(await actionsOf(guard)).toEqual(['tool.allow', 'tool.outcome']);
  });

  it('runs in the time that the guard gives it, and is told when that is over', async () => {
    let told: AbortSignal | undefined;
    const { tool: original } = weather((_, config) => {
      told = (config as { signal?: AbortSignal }).signal;
      return new Promise(() => undefined);
    });
    const guard = createGuard({ policy: allowAll(), timeoutMs: 20 });
    const message = await guardTool(original, guard).invoke(call());
    expect(message).toMatchObject({ status: 'error' });
    expect(message.content).toMatch(/did not finish within 20 ms/);
    expect(told?.aborted).toBe(true);
    const outcomes = await guard.audit?.query({ action: 'tool.outcome' });
    expect(outcomes?.map(({ status }) => status)).toEqual(['timeout']);
  });

  it('says of an abort that nobody knows how the body ends, and throws what was aborted with', async () => {
    const controller = new AbortController();
    const { tool: original } = weather(() => {
      controller.abort(new Error('the user left'));
      return new Promise(() => undefined);
    });
    const guard = allow();
    const running = guardTool(original, guard).invoke(call(), { signal: controller.signal });
    await expect(running).rejects.toThrow('the user left');
    const outcomes = await guard.audit?.query({ action: 'tool.outcome' });
    expect(outcomes?.map(({ status }) => status)).toEqual(['unknown']);
  });

  it('does not start once the run or the request was aborted', async () => {
    for (const by of ['config', 'guard']) {
      const { tool: original, runs } = weather();
      const signal = AbortSignal.abort();
      const guard = by === 'guard' ? allow().with({ signal }) : allow();
      const config = by === 'config' ? { signal } : { signal: new AbortController().signal };
      await expect(guardTool(original, guard).invoke(call(), config)).rejects.toThrow();
      expect(runs).toEqual([]);
    }
  });

  it('receives the secrets that were named for it, and nobody else sees them', async () => {
    let received: unknown;
    const { tool: original } = weather((_, config) => {
      received = (config as { secrets?: unknown }).secrets;
      return 'the key is hunter22hunter22';
    });
    const guard = createGuard({
      policy: allowAll(),
      secrets: { name: 'test', get: () => 'hunter22hunter22' },
    });
    const message = await guardTool(original, guard, { secrets: ['KEY'] }).invoke(call());
    expect(received).toEqual({ KEY: 'hunter22hunter22' });
    expect(message.content).not.toContain('hunter22hunter22');
  });

  it('passes no secrets on with its config to a tool that may not have them', async () => {
    const received: unknown[] = [];
    const guard = createGuard({
      policy: allowAll(),
      secrets: { name: 'test', get: () => 'hunter22hunter22' },
    });
    const { tool: inner } = weather((_, config) => {
      received.push((config as { secrets?: unknown }).secrets);
      return 'sunny';
    });
    const guarded = guardTool(inner, guard);
    const outer = tool(async (args, config) => guarded.invoke(args, config), {
      ...fields,
      name: 'outer',
    });
    await guardTool(outer, guard, { secrets: ['KEY'] }).invoke({ city: 'Bern' });
    const config = { tags: [], secrets: 'of the application' };
    await guarded.invoke({ city: 'Bern' }, config);
    expect(received).toEqual([undefined, 'of the application']);
  });

  it('is none of the business of a handler that throws', async () => {
    const { tool: original, runs } = weather();
    const handler = {
      awaitHandlers: true,
      handleToolStart: () => {
        throw new Error('the tracer is gone');
      },
    };
    const config = { callbacks: [handler] };
    const told = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await guardTool(original, deny()).invoke(call(), config)).toMatchObject({
      status: 'error',
    });
    expect(runs).toEqual([]);
    expect(await guardTool(original, allow()).invoke(call(), config)).toMatchObject({
      content: 'sunny',
    });
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('tells handlers the same as without a guard, tags and metadata too', async () => {
    async function toldOf(given: ToolLike): Promise<readonly unknown[]> {
      const told: unknown[] = [];
      const record =
        (name: string) =>
        (first: unknown, second: unknown, ...rest: unknown[]) =>
          told.push(JSON.stringify([name, first, name === 'start' ? second : '', rest.slice(-4)]));
      const handler = {
        awaitHandlers: true,
        handleToolStart: (json: unknown, input: unknown, run: unknown, ...rest: unknown[]) =>
          record('start')(json, input, run, ...rest),
        handleToolEnd: record('end'),
        handleToolError: record('error'),
      };
      const bound = (given as ReturnType<typeof weather>['tool']).withConfig({
        tags: ['bound'],
        metadata: { team: 'sky' },
      });
      const config = { callbacks: [handler], tags: ['given'] };
      await bound.invoke(call(), config);
      await expect(bound.invoke(call({ city: 'nowhere' }), config)).rejects.toThrow('no such city');
      return told;
    }
    const { tool: original } = weather((args) => {
      if ((args as { city: string }).city === 'nowhere') throw new Error('no such city');
      return 'sunny';
    });
    const plain = await toldOf(original);
    expect(plain).toHaveLength(4);
    expect(plain[0]).toContain('"bound"');
    expect(plain[0]).toContain('"team":"sky"');
    expect(await toldOf(guardTool(original, allow()))).toEqual(plain);
  });

  it('writes down the id of the call, the thread and the agent', async () => {
    const guard = allow();
    const config = {
      configurable: { thread_id: 'chat-1' },
      metadata: { lc_agent_name: 'planner' },
    };
    await guardTool(weather().tool, guard).invoke(call(), config);
    for (const entry of (await guard.audit?.query({ tool: 'weather' })) ?? []) {
      expect(entry).toMatchObject({ call: 'call-1', session: 'chat-1', agent: 'planner' });
    }
  });

  it('may be called "constructor", or take one text', async () => {
    const odd = tool(() => 'ran', { ...fields, name: 'constructor' });
    const text = new DynamicTool({
      name: '__proto__',
      description: '',
      func: async (given) => given,
    });
    const decided: unknown[] = [];
    const guard = createGuard({
      policy: (given) => {
        decided.push([given.tool.name, given.args]);
        return 'allow';
      },
      facts: { weather: 'readOnly' },
    });
    await guardTool(odd, guard).invoke(call({ city: 'Bern' }, 'constructor'));
    expect(await guardTool(text, guard).invoke('hello')).toBe('hello');
    expect(decided).toEqual([
      ['constructor', { city: 'Bern' }],
      ['__proto__', 'hello'],
    ]);
  });
});

describe('arguments', () => {
  const Amount = z.object({ amount: z.string().transform((text) => Number(text) * 2) });

  it('are decided on as they were parsed, and parsed once', async () => {
    let parsed = 0;
    const schema = z.object({
      amount: z.string().transform((text) => {
        parsed += 1;
        return Number(text) * 2;
      }),
    });
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: ({ args }) => {
        seen.push(args);
        return 'allow';
      },
      approver: () => 'approve',
    });
    const pay = tool((args) => JSON.stringify(args), { ...fields, schema });
    expect(await guardTool(pay, guard).invoke(call({ amount: '21' }))).toMatchObject({
      content: '{"amount":42}',
    });
    expect(seen).toEqual([{ amount: 42 }]);
    expect(parsed).toBe(1);
  });

  it('can be rewritten for JSON Schema too, and are checked then', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string', minLength: 2 } },
      required: ['city'],
    } as const;
    const runs: unknown[] = [];
    const original = tool(
      (args) => {
        runs.push(args);
        return 'ran';
      },
      { ...fields, schema },
    );
    for (const [city, status] of [
      ['Basel', 'success'],
      ['', 'error'],
    ]) {
      const guard = createGuard({
        policy: allowAll(),
        hooks: { rewrite: () => ({ args: { city } }) },
      });
      expect(await guardTool(original, guard).invoke(call())).toMatchObject({ status });
    }
    expect(runs).toEqual([{ city: 'Basel' }]);
  });

  class OwnInvoke extends StructuredTool {
    readonly name = 'weather';
    readonly description = '';
    readonly runs: unknown[] = [];
    readonly schema;

    constructor(schema: z.ZodObject) {
      super();
      this.schema = schema;
    }

    override async invoke(input: never, config?: object): Promise<never> {
      return super.invoke(input, config) as Promise<never>; // the types depend on the arguments
    }

    protected async _call(args: unknown): Promise<string> {
      this.runs.push(args);
      return 'ran';
    }
  }

  it('are decided on as parsed where a tool overrides invoke()', async () => {
    const original = new OwnInvoke(z.object({ city: z.string().default('Bern') }));
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: ({ args }) => {
        seen.push(args);
        return 'allow';
      },
      approver: () => 'approve',
    });
    const guarded = guardTool(original as ToolLike, guard) as OwnInvoke;
    expect(await guarded.invoke(call({}) as never)).toMatchObject({ status: 'success' });
    expect(seen).toEqual([{ city: 'Bern' }]);
    expect(original.runs).toEqual([{ city: 'Bern' }]);
    await expect(guarded.invoke({ city: 7 } as never)).rejects.toThrow('did not match');
    expect(seen).toHaveLength(1);
  });

  it('are refused where such a tool would change them once more', async () => {
    const original = new OwnInvoke(Amount);
    const guard = allow();
    const guarded = guardTool(original as ToolLike, guard) as OwnInvoke;
    expect(await guarded.invoke(call({ amount: '21' }) as never)).toMatchObject({
      status: 'error',
      content: expect.stringContaining('overrides invoke()') as string,
    });
    expect(original.runs).toEqual([]);
    expect(await actionsOf(guard)).toEqual(['tool.deny']);
  });

  it('of a runnable are parsed once, and its chunks arrive as they are made', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: ({ args }) => {
        seen.push(args);
        return 'allow';
      },
      approver: () => 'approve',
    });
    const original = RunnableLambda.from(async function* (args: { amount: number }) {
      yield `${args.amount}`;
      yield ' francs';
    }).asTool({ ...fields, schema: Amount as never });
    const guarded = guardTool(original, guard);
    expect(await guarded.invoke(call({ amount: '21' }))).toBe('42 francs');
    expect(seen).toEqual([{ amount: 42 }]);
    const chunks: unknown[] = [];
    for await (const chunk of await guarded.stream({ amount: 1 })) chunks.push(chunk);
    expect(chunks).toEqual(['1', ' francs']);
    expect(await actionsOf(guard)).toEqual([
      'tool.allow',
      'tool.outcome',
      'tool.allow',
      'tool.outcome',
    ]);
  });

  it('of a denied runnable reach nothing, streamed or not', async () => {
    const runs: unknown[] = [];
    const original = RunnableLambda.from((args: unknown) => runs.push(args)).asTool(fields);
    const guarded = guardTool(original, deny());
    expect(await guarded.invoke(call())).toMatchObject({ status: 'error', tool_call_id: 'call-1' });
    const chunks: unknown[] = [];
    for await (const chunk of await guarded.stream(call())) chunks.push(chunk);
    expect(chunks).toMatchObject([{ status: 'error', tool_call_id: 'call-1' }]);
    await expect(guarded.invoke({ city: 'Bern' })).rejects.toMatchObject({ code: 'denied' });
    expect(runs).toEqual([]);
  });
});

describe('the same guard', () => {
  it('guards once, also what was copied from a guarded tool', async () => {
    const { tool: original, runs } = weather();
    const guard = allow();
    const once = guardTool(original, guard);
    const copies: Array<typeof once> = [
      once,
      new DynamicStructuredTool({ ...(once as object), description: 'Other' } as never) as never,
      Object.assign(Object.create(Object.getPrototypeOf(once) as object) as typeof once, once),
    ];
    for (const copy of copies) await guardTool(copy, guard).invoke(call());
    expect(runs).toHaveLength(3);
    const allows = await guard.audit?.query({ action: 'tool.allow' });
    expect(allows).toHaveLength(3);
  });

  it('is bound anew to another context, and keeps what was stated', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: ({ facts, tool: { source } }, { principal }) => {
        seen.push([facts.effect, source, principal?.id]);
        return 'allow';
      },
      approver: () => 'deny',
    });
    const once = guardTool(weather().tool, guard, { facts: 'readOnly', source: 'sky' });
    await guardTool(once, guard.with({ principal: { id: 'ada' } })).invoke(call());
    await once.invoke(call());
    expect(seen).toEqual([
      ['readOnly', 'sky', 'ada'],
      ['readOnly', 'sky', undefined],
    ]);
  });

  it('decides for both names of a tool that was renamed after it was guarded', async () => {
    const guard = createGuard({
      policy: ({ tool: { name } }) => (name === 'wipe' ? 'deny' : 'allow'),
    });
    const { tool: original, runs } = weather();
    const wipe = guardTool(Object.assign(original, { name: 'wipe' }), guard);
    const harmless = Object.assign(
      Object.create(Object.getPrototypeOf(wipe) as object) as typeof wipe,
      wipe,
      { name: 'harmless' },
    );
    await expect(guardTool(harmless, guard).invoke({ city: 'Bern' })).rejects.toThrow('wipe');
    expect(runs).toEqual([]);
  });
});

describe('another guard', () => {
  it('adds its restrictions, and both know the id of the call', async () => {
    for (const [inner, outer] of [
      ['allow', 'deny'],
      ['deny', 'allow'],
    ] as const) {
      const { tool: original, runs } = weather();
      const audits = [memoryAudit(), memoryAudit()] as const;
      const guards = [inner, outer].map((verdict, index) =>
        createGuard({ policy: () => verdict, audit: audits[index as 0 | 1] }),
      );
      const guarded = guards.reduce((given, guard) => guardTool(given, guard), original);
      expect(await guarded.invoke(call())).toMatchObject({ status: 'error' });
      expect(runs).toEqual([]);
      for (const audit of audits) {
        for (const { tool: name, call: id } of await audit.query()) {
          if (name === 'weather') expect(id).toBe('call-1');
        }
      }
    }
  });

  it('stands around a runnable too, streamed or not', async () => {
    const runs: unknown[] = [];
    const original = RunnableLambda.from((args: unknown) => runs.push(args)).asTool(fields);
    const guards = [deny(), allow()] as const;
    const guarded = guards.reduce<typeof original>(
      (given, guard) => guardTool(given, guard),
      original,
    );
    expect(await guarded.invoke(call())).toMatchObject({ status: 'error' });
    for await (const chunk of await guarded.stream(call())) {
      expect(chunk).toMatchObject({ status: 'error' });
    }
    expect(runs).toEqual([]);
    for (const guard of guards) {
      const entries = (await guard.audit?.query({ tool: 'weather' })) ?? [];
      expect(entries.length).toBeGreaterThan(0);
      for (const { call: id } of entries) expect(id).toBe('call-1');
    }
  });
});

describe('what is no tool', () => {
  const runnable = RunnableLambda.from(() => 'ran').asTool(fields);

  class OwnStream extends DynamicStructuredTool {
    override async *_streamIterator(): AsyncGenerator {
      yield 'past the guard';
    }
  }

  class OwnRunnable extends (runnable.constructor as typeof DynamicStructuredTool) {}

  it.each([
    ['a tool of the provider', { type: 'web_search_20250305', name: 'web_search' }],
    ['a definition', { type: 'function', function: { name: 'weather' } }],
    ['nothing', undefined],
    ['a function', () => 'ran'],
    ['a binding', weather().tool.withConfig({ tags: ['x'] })],
    ['a runnable', RunnableLambda.from(() => 'ran')],
    ['a tool that streams in its own way', new OwnStream({ ...fields, func: async () => 'ran' })],
    [
      'a runnable of a class of its own',
      Object.setPrototypeOf(Object.assign({}, runnable), OwnRunnable.prototype),
    ],
    ['a tool without a name', Object.assign(weather().tool, { name: '' })],
    ['a tool without a body', Object.assign(weather().tool, { func: undefined })],
  ])('is refused: %s', (_, given) => {
    const guard: Guard = allow();
    let code: unknown;
    try {
      guardTool(given as ToolLike, guard);
    } catch (error) {
      ({ code } = error as { code?: unknown });
    }
    expect(code).toBe('tool_invalid');
  });

  it('needs a guard', () => {
    expect(() => guardTool(weather().tool, (() => 'allow') as never)).toThrow(/createGuard/);
  });

  it('refuses options that nobody reads', () => {
    const misspelt = { fact: 'readOnly' } as never;
    expect(() =>
      guardTool(weather().tool, createGuard({ policy: () => 'deny' }), misspelt),
    ).toThrow(/"fact" is not an option/);
  });

  it('finds out the context of a call from its config', async () => {
    const seen: CallContext[] = [];
    const guard = createGuard({
      policy: (_, context) => {
        seen.push(context);
        return 'allow';
      },
      approver: () => 'deny',
    });
    const guarded = guardTool(weather().tool, guard, {
      context: ({ configurable }) => ({ principal: { id: String(configurable?.['user']) } }),
    });
    await guarded.invoke(call(), { configurable: { user: 'ada', thread_id: 'chat-1' } });
    expect(seen).toMatchObject([{ principal: { id: 'ada' }, session: 'chat-1' }]);
  });
});
