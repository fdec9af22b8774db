import { withGuard } from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { ToolMessage } from '@langchain/core/messages';
import { type StructuredToolInterface, tool } from '@langchain/core/tools';
import { type AgentMiddleware, createAgent, type ToolRuntime } from 'langchain';
import * as z from 'zod';
import { ScriptedModel } from '../conformance/langchain/scripted-model.ts';
import type { Suite } from './data.ts';
import type { Body, ReplayEngine } from './replay-engine.ts';

/** What an agent of LangChain is made of, apart from its model. */
export interface AgentParts {
  readonly tools: StructuredToolInterface[];
  readonly middleware: AgentMiddleware[];
}

type LangChainEngine = ReplayEngine<AgentParts>;

/** What a model was told: the text of a tool's message, and whether it tells of a failure. */
interface Output {
  readonly status: 'success' | 'error';
  readonly content: unknown;
}

/** LangChain through a real `createAgent` loop, with the guard around each of its tools. */
export const langchainTools: LangChainEngine = engine('langchain 1', (parts, guard) => ({
  ...parts,
  tools: withGuard(parts.tools, guard),
}));

/**
 * The same with the guard in the agent's middleware, and the tools as they are. It decides on calls
 * of tools that do not exist too, since a middleware may know them: its log has more than the others'.
 */
export const langchainMiddleware: LangChainEngine = engine(
  'langchain 1, middleware',
  (parts, guard) => ({ ...parts, middleware: [guardMiddleware(guard)] }),
);

function engine(name: string, guard: LangChainEngine['guard']): LangChainEngine {
  return {
    name,
    tools: ({ tools }, body) => ({
      tools: tools.map((recorded) => recordedTool(recorded, body)),
      middleware: [],
    }),
    guard,
    async play({ tools, middleware }, prompt, script) {
      const model = new ScriptedModel(
        script.map((turn) =>
          turn.map(({ id, step: { tool: called, args } }) => ({ id, tool: called, args })),
        ),
      );
      await createAgent({ model, tools, middleware }).invoke(
        { messages: [{ role: 'user', content: prompt }] },
        // A model and its tools are a step each; some more, so that a message too many shows.
        { recursionLimit: 4 * script.length + 8 },
      );
      const { requests } = model.heard;
      return { told: outputsIn(requests.at(-1) ?? []), messages: requests.length };
    },
    recorded: ({ result, error }): Output =>
      error === undefined
        ? { status: 'success', content: isContent(result) ? result : JSON.stringify(result) }
        : { status: 'error', content: `${String(new Error(error))}\n Please fix your mistakes.` },
    failure(output) {
      const { status, content } = output as Output; // out of play(), like all of them
      return status === 'error' && typeof content === 'string' ? content : undefined;
    },
  };
}

/** LangChain validates by JSON schemas itself, so this one says what the data set says by the way. */
function recordedTool(
  { name, description, params }: Suite['tools'][number],
  body: Body,
): StructuredToolInterface {
  const schema = z.looseObject({}).meta(params);
  return tool((args, runtime) => body(name, args, (runtime as ToolRuntime).toolCallId), {
    name,
    description,
    schema,
  });
}

/** LangChain writes as JSON what a message cannot have as its content: a text, or blocks of it. */
function isContent(result: unknown): boolean {
  if (typeof result === 'string') return true;
  const isBlock = (item: unknown) => typeof item === 'object' && item !== null && 'type' in item;
  return Array.isArray(result) && result.every(isBlock);
}

function outputsIn(messages: ScriptedModel['heard']['requests'][number]) {
  return messages
    .filter((message) => ToolMessage.isInstance(message))
    .map(({ tool_call_id: callId, status = 'success', content }) => ({
      callId,
      output: { status, content } satisfies Output,
    }));
}
