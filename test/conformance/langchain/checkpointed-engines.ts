import type { BaseMessage } from '@langchain/core/messages';
import { Command, MemorySaver } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { createAgent } from 'langchain';
import { CAPABILITIES, type Engine, type EngineInput, type EngineOutput } from './engines.ts';
import { previewsOf, structured } from './engines.ts';

/** The part of a compiled graph that is used here. */
interface Graph {
  invoke(input: unknown, config: object): Promise<GraphOutput>;
  getState(config: object): Promise<{ readonly config: object }>;
}

interface GraphOutput {
  readonly messages: readonly BaseMessage[];
  readonly __interrupt__?: ReadonlyArray<{ readonly id: string }>;
}

type MakeGraph = (input: EngineInput, checkpointer: MemorySaver) => Graph;

/** An agent that can stop and wait for an answer, since its graph keeps checkpoints. */
function checkpointed(name: string, graphOf: MakeGraph): Engine {
  return {
    name: `${name} with a checkpointer`,
    capabilities: { ...CAPABILITIES, nativeApproval: true },
    toolOf: structured,
    run(input) {
      const messages = [...input.messages];
      const thread = { configurable: { thread_id: 'thread' } };
      return step({ messages }, { thread, graphOf, checkpointer: new MemorySaver() }, input);
    },
  };
}

interface Thread {
  readonly thread: object;
  readonly graphOf: MakeGraph;
  readonly checkpointer: MemorySaver;
}

/** One invocation of the graph, up to its end or its next question. */
async function step(given: unknown, at: Thread, input: EngineInput): Promise<EngineOutput> {
  const { previews, handler } = previewsOf();
  const graph = at.graphOf(input, at.checkpointer);
  const signal = input.signal === undefined ? {} : { signal: input.signal };
  const output = await graph.invoke(given, { ...at.thread, ...signal, callbacks: [handler] });
  const { messages, __interrupt__: interrupts = [] } = output;
  const ended = { messages, previews, errors: new Map() };
  if (interrupts.length === 0) return ended;
  const { config } = await graph.getState(at.thread);
  return { ...ended, resume: resumer(at, config, interrupts) };
}

/** Whoever resumes a second time goes back to the checkpoint of the question. */
function resumer(
  at: Thread,
  asked: object,
  interrupts: ReadonlyArray<{ readonly id: string }>,
): EngineOutput['resume'] {
  let resumed = false;
  return (input, verdict) => {
    const thread = resumed ? asked : at.thread;
    resumed = true;
    const answer = { decisions: [{ type: verdict === 'approve' ? 'approve' : 'reject' }] };
    const resume = Object.fromEntries(interrupts.map(({ id }) => [id, answer]));
    return step(new Command({ resume }), { ...at, thread }, input);
  };
}

export const agentWithCheckpointer: Engine = checkpointed(
  'createAgent',
  ({ model, tools }, checkpointer) => createAgent({ model, tools, checkpointer }).graph,
);

export const reactAgentWithCheckpointer: Engine = checkpointed(
  'createReactAgent',
  ({ model, tools }, checkpointSaver) =>
    // oxlint-disable-next-line typescript/no-deprecated -- deprecated, and what many applications run
    createReactAgent({ llm: model, tools, checkpointSaver, version: 'v2' }),
);
