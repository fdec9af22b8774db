import { createGuard, type Guard, memoryApprovals, withGuard } from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { Command, MemorySaver } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  agentWith,
  approve,
  attempts,
  byName,
  edit,
  type Ran,
  recording,
  reject,
  scripted,
  turn,
} from './agents.ts';

const go = { messages: [{ role: 'user' as const, content: 'go' }] };
const config = { configurable: { thread_id: 'thread' } };
const twoPayments = [
  ['pay', '1'],
  ['pay', '2'],
] as const;

/** Everything that a process loses is made anew for each one; the stores are what they share. */
function processes() {
  const approvals = memoryApprovals();
  const checkpointer = new MemorySaver();
  const ran: Ran = [];
  const guards: Guard[] = [];
  function start() {
    const guard = createGuard({ policy: byName, approvals });
    guards.push(guard);
    const agent = createAgent({
      model: scripted(twoPayments),
      tools: withGuard([recording(ran, 'pay')], guard),
      middleware: [guardMiddleware(guard)],
      checkpointer,
    });
    return (input: unknown) => turn(agent.invoke(input as never, config));
  }
  return { ran, start, guards };
}

describe('a process that takes over', () => {
  it('counts the answer to what another one asked, and asks the next', async () => {
    const { ran, start } = processes();
    const first = await start()(go);
    const second = await start()(new Command({ resume: approve }));
    expect(second.waiting).toMatchObject([{ args: { x: '2' } }]);
    expect(second.waiting[0]?.aid).not.toBe(first.waiting[0]?.aid);
    const { answers } = await start()(new Command({ resume: reject }));
    expect(ran).toEqual(['pay 1']);
    expect(answers).toMatchObject(['pay did 1', expect.stringContaining('they say: no')]);
  });

  it('knows what a person edited in another one', async () => {
    const { ran, start } = processes();
    await start()(go);
    await start()(new Command({ resume: edit('pay', '9') }));
    await start()(new Command({ resume: approve }));
    expect(ran).toEqual(['pay 9', 'pay 2']);
  });

  it('does not use the answer that another one used', async () => {
    const { ran, start } = processes();
    await start()(go);
    await start()(new Command({ resume: approve }));
    expect((await start()(null)).waiting).toMatchObject([{ args: { x: '2' } }]);
    expect(ran).toEqual([]);
  });

  it('asks again about tools that it has never seen, and takes no answer for them', async () => {
    const approvals = memoryApprovals();
    const checkpointer = new MemorySaver();
    const ran: Ran = [];
    const one = () =>
      agentWith({
        ran,
        checkpointer,
        calls: [['pay', '1']],
        guard: createGuard({ policy: byName, approvals }),
      });
    await one().start();
    const again = await one().resume(approve);
    expect(ran).toEqual([]);
    expect(again.waiting).toMatchObject([{ args: { x: '1' } }]);
    await one().resume(approve);
    expect(ran).toEqual(['pay 1']);
  });
});

describe('two agents with one guard', () => {
  it('ask about their own tools of one name, also where another process goes on', async () => {
    const approvals = memoryApprovals();
    const checkpointer = new MemorySaver();
    const ran: Ran = [];
    const paying = (bank: string) =>
      tool(
        ({ x }) => {
          ran.push(`${bank} ${x}`);
          return 'paid';
        },
        { name: 'pay', description: `pays at ${bank}`, schema: z.object({ x: z.string() }) },
      );
    function agents() {
      const guard = createGuard({ policy: byName, approvals });
      const of = (bank: string) => {
        const agent = createAgent({
          name: bank,
          model: scripted(twoPayments),
          tools: withGuard([paying(bank)], guard),
          middleware: [guardMiddleware(guard)],
          checkpointer,
        });
        const thread = { configurable: { thread_id: bank } };
        return (input: unknown) => turn(agent.invoke(input as never, thread));
      };
      return { one: of('one'), two: of('two') };
    }
    const before = agents();
    await before.one(go);
    await before.two(go);
    await before.two(new Command({ resume: approve }));
    await before.two(new Command({ resume: approve }));
    expect(ran).toEqual(['two 1', 'two 2']);
    const after = agents();
    const { waiting } = await after.one(new Command({ resume: approve }));
    expect(ran).toEqual(['two 1', 'two 2']);
    const answers = Object.fromEntries(waiting.map(({ id }) => [id, approve]));
    await after.one(new Command({ resume: answers }));
    expect(ran).toEqual(['two 1', 'two 2', 'one 1', 'one 2']);
  });
});

it('agents without names take turns with their own tools of one name', async () => {
  const guard = createGuard({ policy: byName });
  const ran: Ran = [];
  const paying = (bank: string) =>
    tool(
      ({ x }) => {
        ran.push(`${bank} ${x}`);
        return 'paid';
      },
      { name: 'pay', description: `pays at ${bank}`, schema: z.object({ x: z.string() }) },
    );
  const of = (bank: string) =>
    createAgent({
      model: scripted([['pay', '1']], [], [['pay', '2', 'second']]),
      tools: [paying(bank)],
      middleware: [guardMiddleware(guard)],
      checkpointer: new MemorySaver(),
    });
  const [one, two] = [of('one'), of('two')];
  for (const agent of [one, two, one, two]) {
    const thread = { configurable: { thread_id: agent === one ? 'one' : 'two' } };
    await turn(agent.invoke(go, thread));
    await turn(agent.invoke(new Command({ resume: approve }), thread));
  }
  expect(ran).toEqual(['one 1', 'two 1', 'one 2', 'two 2']);
});

describe('an approval by somebody else meanwhile', () => {
  it('is used without another answer, and the next call is asked about with its own', async () => {
    const approvals = memoryApprovals();
    const guard = createGuard({ policy: byName, approvals });
    const { start, resume, ran } = agentWith({ calls: twoPayments, guard });
    const { waiting } = await start();
    const open = await approvals.get(waiting[0]?.aid ?? '');
    if (open === undefined) throw new Error('nothing is open');
    await approvals.vote(
      open.aid,
      { verdict: 'approve', channel: 'inbox', digest: open.bindings.digest },
      open.version,
    );
    // This was given for the first call, which needs it no more.
    expect((await resume(approve)).waiting).toMatchObject([{ args: { x: '2' } }]);
    expect(ran).toEqual([]);
    await resume(approve);
    expect(ran).toEqual(['pay 1', 'pay 2']);
  });
});

describe('going back in time', () => {
  it('starts each body with an attempt of its own', async () => {
    const { agent, start, ran, guard, config: thread } = agentWith({ calls: [['look', '1']] });
    await start();
    const states = [];
    for await (const state of agent.graph.getStateHistory(thread)) states.push(state);
    const before = states.find(({ next }) => next.includes('tools'));
    await turn(agent.invoke(null as never, before?.config as never));
    expect(ran).toEqual(['look 1', 'look 1']);
    expect(new Set(await attempts(guard)).size).toBe(2);
  });

  it('asks nothing twice that was denied', async () => {
    const { agent, start, resume, ran, config: thread } = agentWith({ calls: [['pay', '1']] });
    await start();
    const { config: before } = await agent.graph.getState(thread);
    await resume(reject);
    const { waiting, answers } = await turn(agent.invoke(null as never, before as never));
    expect([ran, waiting]).toEqual([[], []]);
    expect(answers).toEqual([expect.stringContaining('a person denied it')]);
  });
});
