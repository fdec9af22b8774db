import { isGuard } from '@guardstile/core';
import { guardOf } from '@guardstile/langchain';
import { type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { RunnableLambda, type RunnableToolLike } from '@langchain/core/runnables';
import { type StructuredToolInterface, tool } from '@langchain/core/tools';
import { createReactAgent, ToolNode } from '@langchain/langgraph/prebuilt';
import { createAgent } from 'langchain';
import type { Capabilities, NeutralTool } from '../adapter/harness.ts';
import type { ScriptedModel } from './scripted-model.ts';

export type AnyTool = StructuredToolInterface | RunnableToolLike;

export interface EngineInput {
  readonly model: ScriptedModel;
  readonly tools: AnyTool[];
  readonly signal: AbortSignal | undefined;
  /** The conversation up to now, which ends with what the user says. */
  readonly messages: readonly BaseMessage[];
}

export interface EngineOutput {
  readonly messages: readonly BaseMessage[];
  readonly previews: ReadonlyMap<string, readonly unknown[]>;
  /** Errors that the engine keeps as they are, by call id. */
  readonly errors: ReadonlyMap<string, unknown>;
  /** Answers everything that the run waits for, and goes on; absent where nothing waits. */
  readonly resume?: (input: EngineInput, verdict: 'approve' | 'deny') => Promise<EngineOutput>;
}

/** One of LangChain's ways to run a model with tools. */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly toolOf: (described: NeutralTool) => AnyTool;
  readonly run: (input: EngineInput) => Promise<EngineOutput>;
}

export const CAPABILITIES: Capabilities = {
  nativeApproval: false,
  streaming: true,
  abort: true,
  parallel: true,
  errorObjects: false,
};

interface GivenConfig {
  readonly signal?: AbortSignal | undefined;
}

export function structured({ name, description, schema, run, stream }: NeutralTool): AnyTool {
  const fields = { name, description, schema: schema as never }; // any schema, which the types would infer from
  const given = (config: GivenConfig) => ({ signal: config.signal });
  if (stream === undefined) {
    return tool((args: unknown, config: GivenConfig) => run?.(args, given(config)), fields);
  }
  return tool(async function* (args: unknown, config: GivenConfig) {
    let last: unknown;
    for await (const value of stream(args, given(config))) yield (last = value);
    return last;
  }, fields);
}

/** Collects what streaming tools yield, as LangChain hands it on: to callback handlers. */
export function previewsOf() {
  const previews = new Map<string, unknown[]>();
  const calls = new Map<string, string>();
  const handler = {
    awaitHandlers: true,
    handleToolStart(...given: unknown[]) {
      calls.set(String(given[2]), String(given[7]));
    },
    handleToolEvent(chunk: unknown, runId: string) {
      const id = calls.get(runId) ?? '';
      previews.set(id, [...(previews.get(id) ?? []), chunk]);
    },
  };
  return { previews, handler };
}

/** A loop as applications write it who use no agent. */
export const bareLoop: Engine = {
  name: 'a bindTools loop',
  capabilities: { ...CAPABILITIES, errorObjects: true },
  toolOf: structured,
  async run({ model, tools, signal, messages: given }) {
    const { previews, handler } = previewsOf();
    const errors = new Map<string, unknown>();
    const messages = [...given];
    await tellGuard(tools, given);
    for (;;) {
      signal?.throwIfAborted();
      const answer = await model.bindTools(tools).invoke(messages);
      messages.push(answer);
      const calls = answer.tool_calls ?? [];
      if (calls.length === 0) return { messages, previews, errors };
      const results = await Promise.all(
        calls.map(async (call) => {
          const called = tools.find(({ name }) => name === call.name);
          try {
            const result: unknown = await called?.invoke(
              { ...call, type: 'tool_call' },
              { callbacks: [handler], ...(signal === undefined ? {} : { signal }) },
            );
            return messageOf(result, call);
          } catch (error) {
            errors.set(call.id ?? '', error);
            return messageOf(error, call);
          }
        }),
      );
      messages.push(...results);
    }
  },
};

/** Tools that are called by hand are told nothing of the conversation, so that the loop tells it. */
async function tellGuard(tools: AnyTool[], messages: readonly BaseMessage[]): Promise<void> {
  if (!isGuarded(tools)) return;
  const turns = messages.flatMap((message) =>
    HumanMessage.isInstance(message) ? [{ role: 'user' as const, text: message.text }] : [],
  );
  // What fails here makes the guard refuse each call by itself.
  await guardOf(tools)
    .heard(turns)
    .catch(() => undefined);
}

function isGuarded(tools: AnyTool[]): boolean {
  try {
    return isGuard(guardOf(tools));
  } catch {
    return false;
  }
}

function messageOf(
  result: unknown,
  call: { readonly id?: string; readonly name: string },
): ToolMessage {
  if (ToolMessage.isInstance(result)) return result;
  const failed = result instanceof Error;
  return new ToolMessage({
    status: failed ? 'error' : 'success',
    content: failed
      ? String(result)
      : typeof result === 'string'
        ? result
        : JSON.stringify(result ?? ''),
    tool_call_id: call.id ?? '',
    name: call.name,
  });
}

/** LangGraph's node for tools, driven by hand. */
export const toolNode: Engine = {
  name: 'ToolNode',
  capabilities: CAPABILITIES,
  toolOf: structured,
  async run({ model, tools, signal, messages: given }) {
    const { previews, handler } = previewsOf();
    const node = new ToolNode(tools);
    const messages = [...given];
    for (;;) {
      const answer = await model.bindTools(tools).invoke(messages);
      messages.push(answer);
      if ((answer.tool_calls ?? []).length === 0) return { messages, previews, errors: new Map() };
      const output = (await node.invoke(
        { messages },
        { callbacks: [handler], ...(signal === undefined ? {} : { signal }) },
      )) as { readonly messages: readonly BaseMessage[] }; // what a ToolNode gives for a state of messages
      messages.push(...output.messages);
    }
  },
};

export const reactAgent: Engine = {
  name: 'createReactAgent',
  capabilities: CAPABILITIES,
  toolOf: structured,
  // oxlint-disable-next-line typescript/no-deprecated -- deprecated, and what many applications run
  run: async (input) => ran(createReactAgent({ llm: input.model, tools: input.tools }), input),
};

export const agent: Engine = {
  name: 'createAgent',
  capabilities: CAPABILITIES,
  toolOf: structured,
  run: async (input) => ran(createAgent({ model: input.model, tools: input.tools }), input),
};

/** Tools that are any runnable. LangChain validates what a model passes to them, and no more. */
const runnableTools = {
  capabilities: { ...CAPABILITIES, streaming: false },
  toolOf: ({ name, description, schema, run, stream }: NeutralTool) =>
    RunnableLambda.from(async (args: unknown, config: GivenConfig) => {
      if (stream === undefined) return run?.(args, { signal: config.signal });
      let last: unknown;
      for await (const value of stream(args, { signal: config.signal })) last = value;
      return last;
    }).asTool({ name, description, schema }),
};

export const runnablesInToolNode: Engine = {
  ...toolNode,
  ...runnableTools,
  name: 'ToolNode with runnables as tools',
};

export const runnablesInAgent: Engine = {
  ...agent,
  ...runnableTools,
  name: 'createAgent with runnables as tools',
};

interface Agent {
  invoke(input: { messages: BaseMessage[] }, config: object): Promise<{ messages?: unknown }>;
}

async function ran(made: object, { signal, messages: given }: EngineInput): Promise<EngineOutput> {
  const { previews, handler } = previewsOf();
  const { messages } = await (made as Agent).invoke(
    { messages: [...given] },
    { callbacks: [handler], ...(signal === undefined ? {} : { signal }) },
  );
  return { messages: messages as BaseMessage[], previews, errors: new Map() };
}
