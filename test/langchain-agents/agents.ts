import {
  type CallContext,
  createGuard,
  type Guard,
  type GuardOptions,
  type PolicyFunction,
  withGuard,
} from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { AIMessage, type BaseMessage } from '@langchain/core/messages';
import { type BaseCheckpointSaver, Command, MemorySaver } from '@langchain/langgraph';
import { type AgentMiddleware, createAgent, fakeModel, tool } from 'langchain';
import * as z from 'zod';

/** A call as a scripted model makes it: tool, argument or all of them, and an id where it matters. */
export type ScriptedCall = readonly [name: string, x: unknown, id?: string];

/** Bodies that started, as `tool argument`, in their order. */
export type Ran = string[];

/** A tool that writes down that its body started. */
export function recording(ran: Ran, name: string) {
  return tool(
    ({ x }) => {
      ran.push(`${name} ${x}`);
      if (x === 'boom') throw new Error('boom');
      return `${name} did ${x}`;
    },
    { name, description: `does ${name}`, schema: z.object({ x: z.string() }) },
  );
}

/** `pay` is asked about, `look` may run, `erase` may not. */
export const byName: PolicyFunction = ({ tool: { name } }) => {
  if (name === 'pay') return { effect: 'ask', reason: 'money', requirements: { editable: ['x'] } };
  return name === 'erase' ? 'deny' : 'allow';
};

/** How often a scripted model can be asked. */
const MOST_ANSWERS = 20;

type Script = ReadonlyArray<readonly ScriptedCall[]>;

/** A model that answers by how many answers of its own it sees, so that it also plays replays. */
export function scripted(...turns: Script) {
  return scriptedBy(() => turns);
}

/** One model for several agents, told apart by what they were asked to do. */
export function scriptedBy(script: (task: string) => Script) {
  const model = fakeModel();
  for (let times = 0; times < MOST_ANSWERS; times += 1) {
    model.respond((messages) => {
      const own = messages.filter((one) => one.type === 'ai').length;
      const task = messages.find((one) => one.type === 'human')?.text ?? '';
      const calls = script(task)[own] ?? [];
      return new AIMessage({
        content: calls.length === 0 ? 'done' : '',
        tool_calls: calls.map(scriptedCall),
      });
    });
  }
  return model;
}

function scriptedCall([name, x, id]: ScriptedCall) {
  const args = typeof x === 'object' && x !== null ? x : { x };
  return { name, args, id: id ?? `${name}-${JSON.stringify(x)}` };
}

export const approve = { decisions: [{ type: 'approve' }] };
export const reject = { decisions: [{ type: 'reject', message: 'no' }] };
export const edit = (name: string, x: string) => ({
  decisions: [{ type: 'edit', editedAction: { name, args: { x } } }],
});

export interface Setup {
  readonly calls?: readonly ScriptedCall[];
  readonly model?: ReturnType<typeof scripted>;
  readonly guard?: Guard;
  readonly policy?: GuardOptions['policy'];
  readonly context?: CallContext;
  readonly middleware?: (guard: Guard) => readonly AgentMiddleware[];
  /** Whether the tools are guarded by themselves too. */
  readonly wrapped?: boolean;
  readonly checkpointer?: BaseCheckpointSaver | false;
  /** Another guard and checkpointer for each turn, as in another process. */
  readonly restart?: () => { readonly guard: Guard; readonly checkpointer: BaseCheckpointSaver };
  readonly thread?: string;
  readonly ran?: Ran;
}

/** What the graph waits for: one action each. */
export interface Waiting {
  readonly id: string;
  readonly args: unknown;
  readonly aid: string;
  readonly allowed: readonly string[];
}

/** An agent with a guard in its middleware and three tools that write down what they do. */
export function agentWith(setup: Setup) {
  const ran: Ran = setup.ran ?? [];
  const model = setup.model ?? scripted(setup.calls ?? []);
  const { thread = 'thread', wrapped = false, restart } = setup;
  const config = { configurable: { thread_id: thread } };

  function build(guard: Guard, checkpointer: BaseCheckpointSaver | false) {
    const plain = [recording(ran, 'pay'), recording(ran, 'look'), recording(ran, 'erase')];
    return createAgent({
      model,
      tools: wrapped ? withGuard(plain, guard) : plain,
      middleware: [...(setup.middleware?.(guard) ?? [guardMiddleware(guard)])],
      ...(checkpointer === false ? {} : { checkpointer }),
    });
  }

  const first = restart?.();
  const guard = setup.guard ?? first?.guard ?? createGuard({ policy: setup.policy ?? byName });
  const { checkpointer = first?.checkpointer ?? new MemorySaver() } = setup;
  const agent = build(guard, checkpointer);

  /** The agent that takes the next turn. */
  function next(): typeof agent {
    const again = restart?.();
    return again === undefined ? agent : build(again.guard, again.checkpointer);
  }

  return {
    agent,
    guard,
    ran,
    config,
    checkpointer,
    start: (more: object = {}) =>
      turn(next().invoke({ messages: [{ role: 'user', content: 'go' }] }, { ...config, ...more })),
    resume: (answer: unknown, more: object = {}) =>
      turn(next().invoke(new Command({ resume: answer }), { ...config, ...more })),
    /** Goes on from the last checkpoint without an answer. */
    goOn: (more: object = {}) => turn(next().invoke(null as never, { ...config, ...more })),
  };
}

export interface Turn {
  readonly waiting: readonly Waiting[];
  readonly messages: readonly BaseMessage[];
  /** What tools answered, as text. */
  readonly answers: readonly string[];
}

/** The result of one invocation, in short. */
export async function turn(running: Promise<object>): Promise<Turn> {
  const { messages, __interrupt__: interrupts = [] } = (await running) as {
    readonly messages: readonly BaseMessage[];
    readonly __interrupt__?: ReadonlyArray<{ readonly id: string; readonly value: Payload }>;
  };
  return {
    messages,
    answers: messages.filter((one) => one.type === 'tool').map(({ text }) => text),
    waiting: interrupts.map(({ id, value }) => ({
      id,
      aid: value.guardstile.aid,
      args: value.actionRequests[0].args,
      allowed: value.reviewConfigs[0].allowedDecisions,
    })),
  };
}

interface Payload {
  readonly actionRequests: readonly [{ readonly args: unknown }];
  readonly reviewConfigs: readonly [{ readonly allowedDecisions: readonly string[] }];
  readonly guardstile: { readonly aid: string };
}

/** Starts of bodies and what allowed them, from the log. */
export async function attempts({ audit }: Guard): Promise<readonly (string | undefined)[]> {
  const entries = (await audit?.query()) ?? [];
  return entries.filter(({ action }) => action === 'tool.allow').map(({ attempt }) => attempt);
}
