import { createGuard, standardPolicy } from '@guardstile/langchain';
import {
  guardAround,
  guardMiddleware,
  type MiddlewareReport,
} from '@guardstile/langchain/middleware';
import { ToolMessage } from '@langchain/core/messages';
import { Command, interrupt, MemorySaver } from '@langchain/langgraph';
import {
  createAgent,
  createMiddleware,
  humanInTheLoopMiddleware,
  piiMiddleware,
  tool,
  toolCallLimitMiddleware,
  toolRetryMiddleware,
  toolStrategy,
} from 'langchain';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';

import {
  agentWith,
  approve,
  attempts,
  byName,
  type Ran,
  recording,
  scripted,
  turn,
} from './agents.ts';

const go = { messages: [{ role: 'user' as const, content: 'go' }] };
const retry = toolRetryMiddleware({ maxRetries: 2, initialDelayMs: 1, jitter: false });

it('the guard changes no type of the agent', async () => {
  const guard = createGuard({ policy: byName });
  const agent = createAgent({
    model: scripted(),
    tools: [recording([], 'look')],
    middleware: guardAround(guard, [retry]),
    responseFormat: toolStrategy(z.object({ x: z.string() })),
  });
  type Result = Awaited<ReturnType<typeof agent.invoke>>;
  expectTypeOf<Result['structuredResponse']>().toEqualTypeOf<{ x: string }>();
  expect((await agent.invoke(go)).messages.at(-1)?.text).toBe('done');
});

describe('tools that fail', () => {
  it('answer the model what they answer it without the guard', async () => {
    const bare = createAgent({
      model: scripted([['look', 'boom']]),
      tools: [recording([], 'look')],
    });
    const { start } = agentWith({ calls: [['look', 'boom']] });
    expect((await start()).answers).toEqual((await turn(bare.invoke(go))).answers);
  });

  it('answer what does not fit their schema like without the guard', async () => {
    const { start, ran } = agentWith({ calls: [['look', 7]] });
    const { answers } = await start();
    expect(answers).toEqual([expect.stringContaining('Please fix the error and try again')]);
    expect(answers).toEqual([expect.not.stringContaining('fix your mistakes')]);
    expect(ran).toEqual([]);
  });

  it('end the run where the run was aborted', async () => {
    const abort = new AbortController();
    const { start, ran } = agentWith({
      calls: [['look', '1']],
      middleware: (guard) => [
        guardMiddleware(guard),
        createMiddleware({
          name: 'aborts',
          wrapToolCall: (request, handler) => {
            abort.abort();
            return handler(request);
          },
        }),
      ],
    });
    await expect(start({ signal: abort.signal })).rejects.toThrow();
    expect(ran).toEqual([]);
  });
});

it('an abort of the guard itself ends the run as well', async () => {
  const guard = createGuard({ policy: byName, context: { signal: AbortSignal.abort() } });
  const { start, ran } = agentWith({ calls: [['look', '1']], guard });
  await expect(start()).rejects.toMatchObject({ code: 'aborted' });
  expect(ran).toEqual([]);
});

describe('beside a retry', () => {
  it('every start of a body has an attempt of its own', async () => {
    const { start, ran, guard } = agentWith({
      calls: [['look', 'boom']],
      middleware: (own) => [guardMiddleware(own), retry],
    });
    await start();
    expect(ran).toEqual(['look boom', 'look boom', 'look boom']);
    expect(new Set(await attempts(guard)).size).toBe(3);
  });

  it('one approval starts one body', async () => {
    const { start, resume, ran } = agentWith({
      calls: [['pay', 'boom']],
      middleware: (guard) => [guardMiddleware(guard), retry],
    });
    await start();
    await resume(approve);
    expect(ran).toEqual(['pay boom']);
  });

  it('that swallows an interrupt, nothing runs', async () => {
    const ran: Ran = [];
    const hidden = recording(ran, 'pay');
    const { start } = agentWith({
      ran,
      calls: [['pay', '1']],
      // Nobody is asked ahead of what no middleware of the guard has seen.
      middleware: (guard) => [
        retry,
        ...guardAround(guard, []).slice(1),
        createMiddleware({
          name: 'swaps',
          wrapToolCall: (r, handler) => handler({ ...r, tool: r.tool ?? hidden }),
        }),
      ],
    });
    await start();
    expect(ran).toEqual([]);
  });
});

describe('beside the human-in-the-loop middleware', () => {
  it('both ask, and an edit to another tool is decided on as that tool', async () => {
    const { start, resume, ran } = agentWith({
      calls: [['look', '1']],
      middleware: (guard) => [
        guardMiddleware(guard),
        humanInTheLoopMiddleware({ interruptOn: { look: true } }),
      ],
    });
    await startRaw(start);
    const { answers } = await resume({
      decisions: [{ type: 'edit', editedAction: { name: 'erase', args: { x: '1' } } }],
    });
    expect(ran).toEqual([]);
    expect(answers).toEqual([expect.stringContaining('denied')]);
  });

  it('the guard asks although the caller switched the other one off', async () => {
    const { agent, config, ran } = agentWith({
      calls: [['pay', '1']],
      middleware: (guard) => [
        guardMiddleware(guard),
        humanInTheLoopMiddleware({ interruptOn: { pay: true } }),
      ],
    });
    const context = { interruptOn: { pay: false } };
    const { waiting } = await turn(agent.invoke(go, { ...config, context } as never));
    expect(ran).toEqual([]);
    expect(waiting).toHaveLength(1);
  });
});

/** The other middleware's interrupt has no approval in it. */
async function startRaw(start: () => Promise<unknown>): Promise<void> {
  await start().catch((error: unknown) => {
    if (!(error instanceof TypeError)) throw error;
  });
}

describe('beside limits and filters', () => {
  it('nobody is asked about calls beyond a limit', async () => {
    const { start, resume, ran } = agentWith({
      calls: [
        ['pay', '1'],
        ['pay', '2'],
      ],
      middleware: (guard) => [
        guardMiddleware(guard),
        toolCallLimitMiddleware({ runLimit: 1, exitBehavior: 'continue' }),
      ],
    });
    await start();
    expect((await resume(approve)).waiting).toEqual([]);
    expect(ran).toEqual(['pay 1']);
  });

  it('what is filtered from messages is not what is decided on', async () => {
    const seen = new Set<unknown>();
    const { start } = agentWith({
      calls: [['look', 'a@b.example']],
      policy: ({ args }) => {
        seen.add((args as { x: string }).x);
        return 'allow';
      },
      middleware: (guard) => [
        guardMiddleware(guard),
        piiMiddleware('email', { strategy: 'redact', applyToToolResults: true }),
      ],
    });
    const { answers } = await start();
    expect([...seen]).toEqual(['a@b.example']);
    expect(answers).toEqual([expect.not.stringContaining('a@b.example')]);
  });
});

describe('a tool of another middleware', () => {
  const adding = (extra: ReturnType<typeof recording>) =>
    createMiddleware({
      name: 'adds',
      wrapModelCall: (request, handler) =>
        handler({ ...request, tools: [...request.tools, extra] }),
      wrapToolCall: (request, handler) =>
        handler(request.toolCall.name === extra.name ? { ...request, tool: extra } : request),
    });

  it.each(['wire', 'burn'])('is decided on by name and arguments: %s', async (name) => {
    const ran: Ran = [];
    const extra = recording(ran, name);
    const { start, resume } = agentWith({
      ran,
      calls: [[name, '1']],
      policy: ({ tool: { name: called } }) => (called === 'wire' ? 'ask' : 'deny'),
      middleware: (guard) => [guardMiddleware(guard), adding(extra)],
    });
    const { waiting } = await start();
    expect(ran).toEqual([]);
    if (waiting.length > 0) await resume(approve);
    expect(ran).toEqual(name === 'wire' ? ['wire 1'] : []);
  });

  it('is guarded as the tool that it is, where the guard stands on both sides', async () => {
    const ran: Ran = [];
    const decided: unknown[] = [];
    const guard = createGuard({
      policy: ({ tool: { name }, args }) => {
        decided.push([name, args]);
        return name === 'pay' ? 'deny' : 'allow';
      },
    });
    const swapping = createMiddleware({
      name: 'swaps',
      wrapToolCall: (request, handler) =>
        handler({
          ...request,
          toolCall: { ...request.toolCall, args: { x: 'changed' } },
          tool: recording(ran, request.toolCall.args['x'] === '1' ? 'pay' : 'wire'),
        }),
    });
    const { start } = agentWith({
      ran,
      guard,
      calls: [
        ['look', '1'],
        ['look', '2'],
      ],
      middleware: () => guardAround(guard, [swapping]),
    });
    await start();
    expect(ran).toEqual(['wire changed']);
    expect(decided).toContainEqual(['pay', { x: 'changed' }]);
  });

  it('is asked about ahead where the guard stands on both sides', async () => {
    const ran: Ran = [];
    const guard = createGuard({
      policy: ({ tool: { name } }) => (name === 'wire' ? 'ask' : 'deny'),
    });
    const { start, resume } = agentWith({
      ran,
      guard,
      calls: [
        ['wire', '1'],
        ['wire', '2'],
      ],
      middleware: () => guardAround(guard, [adding(recording(ran, 'wire'))]),
    });
    expect((await start()).waiting).toHaveLength(1);
    expect((await resume(approve)).waiting).toHaveLength(1);
    await resume(approve);
    expect(ran).toEqual(['wire 1', 'wire 2']);
  });
});

describe('what the model is shown', () => {
  const search = { type: 'web_search_20250305', name: 'web_search' };

  async function shownWith(providerTools?: readonly string[]) {
    const reports: MiddlewareReport[] = [];
    const names: unknown[] = [];
    const guard = createGuard({ policy: standardPolicy({ deny: ['erase'] }) });
    const agent = createAgent({
      model: scripted(),
      tools: [recording([], 'look'), recording([], 'erase'), search],
      middleware: [
        guardMiddleware(guard, {
          onReport: (report) => reports.push(report),
          ...(providerTools === undefined ? {} : { providerTools }),
        }),
        createMiddleware({
          name: 'looks',
          wrapModelCall: (request, handler) => {
            names.push(request.tools.map(({ name }) => name));
            return handler(request);
          },
        }),
      ],
    });
    await agent.invoke(go);
    await agent.invoke(go);
    return { reports, names };
  }

  it('has neither tools that are always denied nor tools that its provider runs', async () => {
    const { names, reports } = await shownWith();
    expect(names).toEqual([['look'], ['look']]);
    expect(reports).toMatchObject([
      { guarded: ['look', 'erase'], removed: ['web_search'], unguarded: [] },
    ]);
  });

  it('has tools of its provider that the application named, and says that they are unguarded', async () => {
    const { names, reports } = await shownWith(['web_search_20250305']);
    expect(names[0]).toEqual(['look', 'web_search']);
    expect(reports).toMatchObject([{ removed: [], unguarded: ['web_search'] }]);
  });
});

it('a list of tools that another middleware changes in place is looked at again', async () => {
  const names: unknown[] = [];
  const adding = createMiddleware({
    name: 'adds',
    wrapModelCall: (request, handler) => {
      const asked = request.messages.some(({ type }) => type === 'tool');
      if (asked) request.tools[0] = { type: 'web_search_20250305', name: 'web_search' };
      return handler(request);
    },
  });
  const looking = createMiddleware({
    name: 'looks',
    wrapModelCall: (request, handler) => {
      names.push(request.tools.map(({ name }) => String(name)).toSorted());
      return handler(request);
    },
  });
  const { start } = agentWith({
    calls: [['look', '1']],
    middleware: (guard) => [...guardAround(guard, [adding], { onReport: () => {} }), looking],
  });
  await start();
  expect(names).toEqual([
    ['erase', 'look', 'pay'],
    ['erase', 'look'],
  ]);
});

it('two tools of one name are refused before the model is asked', async () => {
  const ran: Ran = [];
  const agent = createAgent({
    model: scripted([['look', '1']]),
    tools: [recording(ran, 'look'), recording(ran, 'look')],
    middleware: [guardMiddleware(createGuard({ policy: byName }))],
  });
  await expect(agent.invoke(go)).rejects.toThrow('look: two tools have this name');
  expect(ran).toEqual([]);
});

describe('what tools answer', () => {
  it('keeps commands, and the calls they answer', async () => {
    const command = tool(
      (_, config) =>
        new Command({
          update: {
            messages: [
              new ToolMessage({ content: 'commanded', tool_call_id: toolCallIdOf(config) }),
            ],
          },
        }),
      { name: 'pay', description: 'pays', schema: z.object({ x: z.string() }) },
    );
    const own = createGuard({ policy: byName });
    const agent = createAgent({
      model: scripted([['pay', '1']]),
      tools: [command],
      middleware: [guardMiddleware(own)],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: 'thread' } };
    await agent.invoke(go, config);
    const { answers } = await turn(agent.invoke(new Command({ resume: approve }), config));
    expect(answers).toEqual(['commanded']);
  });

  it('is the result of a generator', async () => {
    const ran: Ran = [];
    const streaming = tool(
      async function* ({ x }: { x: string }) {
        ran.push(`pay ${x}`);
        yield 'half';
        return 'whole';
      } as never,
      { name: 'pay', description: 'pays', schema: z.object({ x: z.string() }) },
    );
    const agent = createAgent({
      model: scripted([['pay', '1']]),
      tools: [streaming],
      middleware: [guardMiddleware(createGuard({ policy: byName }))],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: 'thread' } };
    await agent.invoke(go, config);
    expect(ran).toEqual([]);
    const { answers } = await turn(agent.invoke(new Command({ resume: approve }), config));
    expect([ran, answers]).toEqual([['pay 1'], ['whole']]);
  });

  it('is a structured answer about which nobody is asked', async () => {
    const format = toolStrategy(z.object({ x: z.string() }));
    const agent = createAgent({
      model: scripted([[format[0]?.name ?? '', 'x']]),
      tools: [recording([], 'look')],
      responseFormat: format,
      middleware: [guardMiddleware(createGuard({ policy: () => 'ask' }))],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: 'thread' } };
    const result = await agent.invoke(go, config);
    expect((await turn(Promise.resolve(result))).waiting).toEqual([]);
    expect(result.structuredResponse).toEqual({ x: 'x' });
  });

  it('of a tool that interrupts by itself is what its interrupt is answered', async () => {
    const ran: Ran = [];
    const asking = tool(
      ({ x }) => {
        ran.push(`look ${x}`);
        return `they say ${String(interrupt('well?'))}`;
      },
      { name: 'look', description: 'looks', schema: z.object({ x: z.string() }) },
    );
    const own = createGuard({ policy: byName });
    const agent = createAgent({
      model: scripted([['look', '1']]),
      tools: [asking],
      middleware: [guardMiddleware(own)],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: 'thread' } };
    await agent.invoke(go, config);
    const { answers } = await turn(agent.invoke(new Command({ resume: 'yes' }), config));
    expect(answers).toEqual(['they say yes']);
  });
});

describe('a tool that runs in the client', () => {
  const headless = tool({
    name: 'look',
    description: 'looks around in the browser',
    schema: z.object({ x: z.string() }),
  });
  const config = { configurable: { thread_id: 'thread' } };

  function agentOf(verdict: 'allow' | 'deny', reports: MiddlewareReport[] = []) {
    return createAgent({
      model: scripted([['look', '1']]),
      tools: [headless],
      middleware: [
        guardMiddleware(createGuard({ policy: () => verdict }), {
          onReport: (report) => reports.push(report),
        }),
      ],
      checkpointer: new MemorySaver(),
    });
  }

  it('is handed to the client and answered by it, where it is allowed', async () => {
    const reports: MiddlewareReport[] = [];
    const agent = agentOf('allow', reports);
    expect(await agent.invoke(go, config)).toHaveProperty('__interrupt__.0.value.type', 'tool');
    const { answers } = await turn(agent.invoke(new Command({ resume: 'seen' }), config));
    expect(answers).toEqual(['seen']);
    expect(reports).toMatchObject([{ remarks: [expect.stringContaining('runs in the client')] }]);
  });

  it('is not handed to the client where it is denied', async () => {
    const { answers, waiting } = await turn(agentOf('deny').invoke(go, config));
    expect(waiting).toEqual([]);
    expect(answers).toEqual([expect.stringContaining('denied')]);
  });
});

/** LangGraph passes the id of the call along; the types of `tool()` do not say so. */
function toolCallIdOf(config: unknown): string {
  return (config as { readonly toolCallId: string }).toolCallId;
}
