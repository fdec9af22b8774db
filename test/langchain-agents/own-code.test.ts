import { createGuard, withGuard } from '@guardstile/langchain';
import {
  Annotation,
  Command,
  entrypoint,
  interrupt,
  MemorySaver,
  START,
  StateGraph,
  task,
} from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';

import { approve, byName, type Ran, recording } from './agents.ts';

const config = { configurable: { thread_id: 'thread' } };

/** Guarded tools, and what their bodies did. */
function guardedTools() {
  const ran: Ran = [];
  const guard = createGuard({ policy: byName });
  return { ran, ...withGuard({ pay: recording(ran, 'pay'), look: recording(ran, 'look') }, guard) };
}

interface Asked {
  readonly id: string;
  readonly value: { readonly actionRequests: readonly [{ readonly args: unknown }] };
}

/** What a graph or workflow waits for. */
function waitingIn(result: unknown): readonly Asked[] {
  const { __interrupt__: asked = [] } = result as { readonly __interrupt__?: readonly Asked[] };
  return asked;
}

function argsIn(result: unknown): readonly unknown[] {
  return waitingIn(result).map(({ value }) => value.actionRequests[0].args);
}

describe('a node that calls guarded tools by itself', () => {
  const State = Annotation.Root({ said: Annotation<readonly unknown[]> });

  function graphOf(node: () => Promise<readonly unknown[]>) {
    const graph = new StateGraph(State)
      .addNode('node', async () => ({ said: await node() }))
      .addEdge(START, 'node')
      .compile({ checkpointer: new MemorySaver() });
    return {
      start: () => graph.invoke({ said: [] }, config),
      resume: (answer: unknown) => graph.invoke(new Command({ resume: answer }), config),
    };
  }

  it('is asked about two at once one after the other, and runs each once', async () => {
    const { pay, ran } = guardedTools();
    const { start, resume } = graphOf(async () =>
      Promise.all([pay.invoke({ x: '1' }), pay.invoke({ x: '2' })]),
    );
    expect(argsIn(await start())).toEqual([{ x: '1' }]);
    expect(argsIn(await resume(approve))).toEqual([{ x: '2' }]);
    expect((await resume(approve)).said).toEqual(['pay did 1', 'pay did 2']);
    expect(ran).toEqual(['pay 1', 'pay 2']);
  });

  it('keeps what an approved call answered when it is interrupted for something else', async () => {
    const { pay, look, ran } = guardedTools();
    const { start, resume } = graphOf(async () => {
      const seen = await look.invoke({ x: '1' });
      const paid = await pay.invoke({ x: '1' });
      return [seen, paid, interrupt({ question: 'all right?' })];
    });
    await start();
    await resume(approve);
    expect((await resume('yes')).said).toEqual(['look did 1', 'pay did 1', 'yes']);
    expect(ran.filter((one) => one === 'pay 1')).toHaveLength(1);
  });
});

describe('a workflow of the functional API', () => {
  it('is asked about each call, in a task or not, and runs it once', async () => {
    const { pay, ran } = guardedTools();
    const payTask = task('payTask', async (x: string) => pay.invoke({ x }));
    const flow = entrypoint(
      { checkpointer: new MemorySaver(), name: 'flow' },
      async (x: string) => [await payTask(x), await pay.invoke({ x: `${x}!` })],
    );
    expect(argsIn(await flow.invoke('1', config))).toEqual([{ x: '1' }]);
    const second: unknown = await flow.invoke(new Command({ resume: approve }), config);
    expect(argsIn(second)).toEqual([{ x: '1!' }]);
    const last: unknown = await flow.invoke(new Command({ resume: approve }), config);
    expect(last).toEqual(['pay did 1', 'pay did 1!']);
    expect(ran).toEqual(['pay 1', 'pay 1!']);
  });

  it('gets no approval for two tasks side by side from one plain answer', async () => {
    const { pay, ran } = guardedTools();
    const payTask = task('payTask', async (x: string) => pay.invoke({ x }));
    const flow = entrypoint({ checkpointer: new MemorySaver(), name: 'flow' }, async (x: string) =>
      Promise.allSettled([payTask(x), payTask(`${x}!`)]),
    );
    await flow.invoke('1', config);
    await flow.invoke(new Command({ resume: approve }), config);
    expect(ran).toEqual([]);
  });
});
