import {
  generateText,
  isStepCount,
  type LanguageModel,
  type ModelMessage,
  streamText,
  type StreamTextResult,
  ToolLoopAgent,
  type ToolSet,
} from 'ai';
import type { Capabilities } from '../adapter/harness.ts';

/** How the SDK ended an execution, for calls that resume too, which are in no step. */
export type ToolEnd =
  | { readonly type: 'tool-result'; readonly toolCallId: string; readonly output: unknown }
  | { readonly type: 'tool-error'; readonly toolCallId: string; readonly error: unknown };

export interface EngineInput {
  readonly model: LanguageModel;
  readonly tools: ToolSet;
  readonly messages: ModelMessage[];
  readonly abortSignal?: AbortSignal;
  readonly onEnd: (end: ToolEnd) => void;
}

export interface EngineOutput {
  readonly text: string;
  readonly responseMessages: readonly ModelMessage[];
  /** Preliminary values by call id. */
  readonly previews: ReadonlyMap<string, readonly unknown[]>;
}

/** One of the SDK's ways to run a model with tools. */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly run: (input: EngineInput) => Promise<EngineOutput>;
}

const ALL: Capabilities = {
  nativeApproval: true,
  streaming: true,
  abort: true,
  parallel: true,
  errorObjects: true,
};
const NO_PREVIEWS = new Map<string, readonly unknown[]>();
const MOST_STEPS = 20;

const asEvents = ({ onEnd }: EngineInput) => ({
  onToolExecutionEnd: ({ toolOutput }: { readonly toolOutput: ToolEnd }) => onEnd(toolOutput),
});

export const generateTextEngine: Engine = {
  name: 'generateText',
  capabilities: { ...ALL, streaming: false },
  async run(input) {
    const { onEnd: _, ...rest } = input;
    const { text, responseMessages } = await generateText({
      ...rest,
      ...asEvents(input),
      stopWhen: isStepCount(MOST_STEPS),
    });
    return { text, responseMessages, previews: NO_PREVIEWS };
  },
};

export const streamTextEngine: Engine = {
  name: 'streamText',
  capabilities: ALL,
  run(input) {
    const { onEnd: _, ...rest } = input;
    return streamed(
      streamText({
        ...rest,
        ...asEvents(input),
        onError: () => undefined,
        stopWhen: isStepCount(MOST_STEPS),
      }),
    );
  },
};

export const agentGenerateEngine: Engine = {
  name: 'ToolLoopAgent.generate',
  capabilities: { ...ALL, streaming: false },
  async run(input) {
    const { text, responseMessages } = await agentOf(input).generate(promptOf(input));
    return { text, responseMessages, previews: NO_PREVIEWS };
  },
};

export const agentStreamEngine: Engine = {
  name: 'ToolLoopAgent.stream',
  capabilities: ALL,
  run: async (input) => streamed(await agentOf(input).stream(promptOf(input))),
};

/** The SDK with what it can do beyond the least switched off, as other frameworks have it. */
export const leastEngine: Engine = {
  name: 'generateText at its least',
  capabilities: {
    nativeApproval: false,
    streaming: false,
    abort: false,
    parallel: false,
    errorObjects: false,
  },
  async run(input) {
    const { model, tools, messages } = input;
    const { text, responseMessages } = await generateText({
      model,
      tools,
      messages,
      toolApproval: () => undefined,
      toolCallConcurrency: 1,
      stopWhen: isStepCount(MOST_STEPS),
    });
    return { text, responseMessages, previews: NO_PREVIEWS };
  },
};

function agentOf(input: EngineInput) {
  const { model, tools } = input;
  return new ToolLoopAgent({
    model,
    tools,
    ...asEvents(input),
    stopWhen: isStepCount(MOST_STEPS),
  });
}

function promptOf({ messages, abortSignal }: EngineInput) {
  return { messages, ...(abortSignal === undefined ? {} : { abortSignal }) };
}

async function streamed(
  result: Pick<StreamTextResult<ToolSet, never, never>, 'stream' | 'text' | 'responseMessages'>,
): Promise<EngineOutput> {
  const previews = new Map<string, unknown[]>();
  for await (const part of result.stream) {
    if (part.type === 'error') throw part.error;
    if (part.type !== 'tool-result' || part.preliminary !== true) continue;
    previews.set(part.toolCallId, [...(previews.get(part.toolCallId) ?? []), part.output]);
  }
  return { text: await result.text, responseMessages: await result.responseMessages, previews };
}
