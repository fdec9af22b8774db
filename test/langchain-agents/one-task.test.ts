import { createGuard, guardTool, withGuard } from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { AIMessage } from '@langchain/core/messages';
import {
  Annotation,
  Command,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { createReactAgent, ToolNode } from '@langchain/langgraph/prebuilt';
import { createAgent, tool } from 'langchain';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  approve,
  attempts,
  byName,
  type Ran,
  recording,
  reject,
  type ScriptedCall,
  scripted,
  turn,
} from './agents.ts';

const config = { configurable: { thread_id: 'thread' } };

/** A graph of one's own, in which one task makes all calls of a message. */
function toolNode(
  ran: Ran,
  calls: readonly ScriptedCall[],
  guard = createGuard({ policy: byName }),
) {
  const tools = withGuard([recording(ran, 'pay'), recording(ran, 'look')], guard);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('tools', new ToolNode(tools))
    .addEdge(START, 'tools')
    .compile({ checkpointer: new MemorySaver() });
  const message = new AIMessage({
    content: '',
    tool_calls: calls.map(([name, x, id = `${name}-${String(x)}`]) => ({ name, args: { x }, id })),
  });
  return {
    guard,
    start: () => turn(graph.invoke({ messages: [message] }, config)),
    resume: (answer: unknown) => turn(graph.invoke(new Command({ resume: answer }), config)),
    goOn: () => turn(graph.invoke(null, config)),
  };
}

function xOf(args: unknown): string {
  return (args as { readonly x: string }).x;
}

describe('calls that share one task', () => {
  it('run once although one of them is asked about', async () => {
    const ran: Ran = [];
    const { start, resume, guard } = toolNode(ran, [
      ['look', '1'],
      ['pay', '2'],
      ['look', '3'],
    ]);
    expect((await start()).waiting).toHaveLength(1);
    const { answers } = await resume(approve);
    expect(ran.toSorted()).toEqual(['look 1', 'look 3', 'pay 2']);
    expect(answers).toEqual(['look did 1', 'pay did 2', 'look did 3']);
    expect(new Set(await attempts(guard)).size).toBe(3);
  });

  it('are asked about one after the other, and each answer is for what was shown', async () => {
    const ran: Ran = [];
    const { start, resume, goOn } = toolNode(ran, [
      ['pay', '1'],
      ['pay', '2'],
    ]);
    const first = await start();
    const [shown] = first.waiting;
    const second = await resume(reject);
    expect(second.waiting).toHaveLength(1);
    expect(second.waiting[0]?.args).not.toEqual(shown?.args);
    await goOn();
    expect(ran).toEqual([]);
    await resume(approve);
    expect(ran).toEqual([`pay ${xOf(second.waiting[0]?.args)}`]);
  });

  it('both run once after two approvals', async () => {
    const ran: Ran = [];
    const { start, resume } = toolNode(ran, [
      ['pay', '1'],
      ['pay', '2'],
    ]);
    await start();
    await resume(approve);
    const { answers } = await resume(approve);
    expect(ran.toSorted()).toEqual(['pay 1', 'pay 2']);
    expect(answers).toEqual(['pay did 1', 'pay did 2']);
  });

  it.each(['v1', 'v2'] as const)('of createReactAgent %s run once', async (version) => {
    const ran: Ran = [];
    // oxlint-disable-next-line typescript/no-deprecated -- deprecated, and what many applications run
    const agent = createReactAgent({
      llm: scripted([
        ['look', '1'],
        ['pay', '2'],
      ]),
      tools: withGuard(
        [recording(ran, 'pay'), recording(ran, 'look')],
        createGuard({ policy: byName }),
      ),
      checkpointer: new MemorySaver(),
      version,
    });
    await turn(agent.invoke({ messages: [{ role: 'user', content: 'go' }] }, config));
    await turn(agent.invoke(new Command({ resume: approve }), config));
    expect(ran.toSorted()).toEqual(['look 1', 'pay 2']);
  });

  it('of createAgent in one task are asked about ahead, and run once', async () => {
    const ran: Ran = [];
    const agent = createAgent({
      model: scripted([
        ['look', '1'],
        ['pay', '2'],
        ['pay', '3'],
      ]),
      tools: [recording(ran, 'pay'), recording(ran, 'look')],
      middleware: [guardMiddleware(createGuard({ policy: byName }))],
      checkpointer: new MemorySaver(),
      version: 'v1',
    });
    const go = { messages: [{ role: 'user' as const, content: 'go' }] };
    expect((await turn(agent.invoke(go, config))).waiting).toHaveLength(1);
    expect(
      (await turn(agent.invoke(new Command({ resume: approve }), config))).waiting,
    ).toHaveLength(1);
    expect(ran).toEqual([]);
    await turn(agent.invoke(new Command({ resume: reject }), config));
    expect(ran.toSorted()).toEqual(['look 1', 'pay 2']);
  });

  it('run once both of two guards around one tool were told to', async () => {
    const ran: Ran = [];
    const inner = createGuard({ policy: byName });
    const outer = createGuard({ policy: byName });
    const { start, resume } = (() => {
      const graph = new StateGraph(MessagesAnnotation)
        .addNode('tools', new ToolNode([guardTool(guardTool(recording(ran, 'pay'), inner), outer)]))
        .addEdge(START, 'tools')
        .compile({ checkpointer: new MemorySaver() });
      const message = new AIMessage({
        content: '',
        tool_calls: [{ name: 'pay', args: { x: '1' }, id: 'a' }],
      });
      return {
        start: () => turn(graph.invoke({ messages: [message] }, config)),
        resume: (answer: unknown) => turn(graph.invoke(new Command({ resume: answer }), config)),
      };
    })();
    const aids = [await start(), await resume(approve)].map(({ waiting: [first] }) => first?.aid);
    expect(new Set(aids).size).toBe(2);
    expect(ran).toEqual([]);
    await resume(approve);
    expect(ran).toEqual(['pay 1']);
  });

  it('ask nobody for an inner guard once the outer one was told not to', async () => {
    const ran: Ran = [];
    const tools = withGuard([recording(ran, 'pay')], () => 'ask');
    const agent = createAgent({
      model: scripted([['pay', '1']]),
      tools,
      middleware: [guardMiddleware(createGuard({ policy: byName }))],
      checkpointer: new MemorySaver(),
    });
    const messages = [{ role: 'user', content: 'go' }];
    await turn(agent.invoke({ messages }, config));
    const { waiting } = await turn(agent.invoke(new Command({ resume: reject }), config));
    expect([waiting, ran]).toEqual([[], []]);
  });

  it('run a tool inside another one of its name, with the same arguments', async () => {
    const ran: Ran = [];
    const guard = createGuard({ policy: byName });
    const look = guardTool(recording(ran, 'look'), guard);
    const around = tool((args, given) => look.invoke(args, given), {
      name: 'look',
      description: 'does look',
      schema: z.object({ x: z.string() }),
    });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('tools', new ToolNode(withGuard([around], guard)))
      .addEdge(START, 'tools')
      .compile({ checkpointer: new MemorySaver() });
    const tool_calls = [{ name: 'look', args: { x: '1' }, id: 'a' }];
    const message = new AIMessage({ content: '', tool_calls });
    const { answers } = await turn(graph.invoke({ messages: [message] }, config));
    expect(answers).toEqual(['look did 1']);
    expect(new Set(await attempts(guard)).size).toBe(2);
  });
});

describe('a node that calls a tool by itself', () => {
  const State = Annotation.Root({ said: Annotation<string> });

  it('is asked about the call, although no model made it, and runs it once', async () => {
    const ran: Ran = [];
    const [pay] = withGuard([recording(ran, 'pay')], createGuard({ policy: byName }));
    const graph = new StateGraph(State)
      .addNode('pays', async () => ({ said: String(await pay.invoke({ x: '1' })) }))
      .addEdge(START, 'pays')
      .compile({ checkpointer: new MemorySaver() });
    const first = await graph.invoke({ said: '' }, config);
    expect(first).toHaveProperty('__interrupt__.length', 1);
    expect(ran).toEqual([]);
    const { said } = await graph.invoke(new Command({ resume: approve }), config);
    expect([ran, said]).toEqual([['pay 1'], 'pay did 1']);
  });

  it('runs a tool inside a tool only once it was approved itself', async () => {
    const ran: Ran = [];
    const guard = createGuard({ policy: byName });
    const [pay] = withGuard([recording(ran, 'pay')], guard);
    const outer = guardTool(
      tool(async ({ x }) => String(await pay.invoke({ x })), {
        name: 'look',
        description: 'looks',
        schema: z.object({ x: z.string() }),
      }),
      guard,
    );
    const graph = new StateGraph(State)
      .addNode('looks', async () => ({ said: String(await outer.invoke({ x: '1' })) }))
      .addEdge(START, 'looks')
      .compile({ checkpointer: new MemorySaver() });
    await graph.invoke({ said: '' }, config);
    expect(ran).toEqual([]);
    await graph.invoke(new Command({ resume: approve }), config);
    expect(ran).toEqual(['pay 1']);
  });
});
