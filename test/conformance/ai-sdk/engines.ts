import type { ModelMessage, ToolSet } from 'ai';
import type { Capabilities } from '../adapter/harness.ts';
import type { Generated, Sdk, ScriptedModel, Settings, Step, Streamed } from './sdk.ts';

export interface EngineInput {
  readonly model: ScriptedModel;
  readonly tools: ToolSet;
  readonly messages: readonly ModelMessage[];
  readonly abortSignal?: AbortSignal;
}

export interface EngineOutput {
  readonly text: string;
  readonly steps: readonly Step[];
  readonly responseMessages: readonly ModelMessage[];
  /** Preliminary values by call id. */
  readonly previews: ReadonlyMap<string, readonly unknown[]>;
}

/** One of a version's ways to run a model with tools. */
export interface Engine {
  readonly name: string;
  readonly sdk: Sdk;
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
const MOST_STEPS = 20;

/** What the version offers, whole and streamed, as functions and as an agent. */
export function enginesOf(sdk: Sdk): readonly Engine[] {
  const { agentName, nativeApproval } = sdk;
  const stopWhen = sdk.stopAfter(MOST_STEPS);
  const quiet = { stopWhen, onError: () => undefined };
  const agentOf = ({ model, tools }: EngineInput) => sdk.agent({ model, tools, ...quiet });

  const whole = (name: string, run: (input: EngineInput) => Promise<Generated>): Engine => ({
    name: `${sdk.name}, ${name}`,
    sdk,
    capabilities: { ...ALL, nativeApproval, streaming: false },
    run: async (input) => generated(await run(input)),
  });
  const stream = (
    name: string,
    run: (input: EngineInput) => PromiseLike<Streamed> | Streamed,
  ): Engine => ({
    name: `${sdk.name}, ${name}`,
    sdk,
    capabilities: { ...ALL, nativeApproval },
    run: async (input) => streamed(await run(input)),
  });

  return [
    whole('generateText', (input) => sdk.generateText({ ...input, stopWhen })),
    stream('streamText', (input) => sdk.streamText({ ...input, ...quiet })),
    whole(`${agentName}.generate`, (input) => agentOf(input).generate(promptOf(input))),
    stream(`${agentName}.stream`, (input) => agentOf(input).stream(promptOf(input))),
  ];
}

/** The SDK with what it can do beyond the least switched off, as other frameworks have it. */
export function leastEngine(sdk: Sdk): Engine {
  return {
    name: `${sdk.name}, generateText at its least`,
    sdk,
    capabilities: {
      nativeApproval: false,
      streaming: false,
      abort: false,
      parallel: false,
      errorObjects: false,
    },
    async run({ model, tools, messages }) {
      const settings: Settings = {
        model,
        tools,
        messages,
        toolApproval: () => undefined,
        toolCallConcurrency: 1,
        stopWhen: sdk.stopAfter(MOST_STEPS),
      };
      const { text, responseMessages, previews } = generated(await sdk.generateText(settings));
      return { text, responseMessages, previews, steps: [] };
    },
  };
}

function promptOf({ messages, abortSignal }: EngineInput) {
  return { messages, ...(abortSignal === undefined ? {} : { abortSignal }) };
}

function generated(result: Generated): EngineOutput {
  const { text, steps, responseMessages = result.response.messages ?? [] } = result;
  return { text, steps, responseMessages, previews: new Map() };
}

async function streamed(result: Streamed): Promise<EngineOutput> {
  const previews = new Map<string, unknown[]>();
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error;
    const { type, toolCallId, preliminary, output } = part;
    if (type !== 'tool-result' || preliminary !== true || toolCallId === undefined) continue;
    previews.set(toolCallId, [...(previews.get(toolCallId) ?? []), output]);
  }
  const [text, steps, response] = await Promise.all([result.text, result.steps, result.response]);
  const responseMessages = (await result.responseMessages) ?? response.messages ?? [];
  return { text, steps, responseMessages, previews };
}
