import { MockLanguageModelV2 } from 'ai-v5/test';
import { MockLanguageModelV3 } from 'ai-v6/test';
import { MockLanguageModelV4 } from 'ai/test';
import type { Sdk } from './sdk.ts';

/** A tool call that the model makes. */
export interface Call {
  readonly id: string;
  readonly tool: string;
  readonly args: unknown;
}

/** What the model says when it has made all its calls. */
export const LAST_WORDS = 'done';

const MODELS = { 5: MockLanguageModelV2, 6: MockLanguageModelV3, 7: MockLanguageModelV4 };

/** A model of the version that makes the given calls in its first step, and then answers. */
export function modelOf({ major }: Sdk, calls: readonly Call[]): object {
  let step = 0;
  const next = () => (step++ === 0 ? calls : []);
  const script: object = {
    doGenerate: async () => {
      const made = next();
      return { content: contentOf(made), ...endOf(major, made), warnings: [] };
    },
    doStream: async () => {
      const made = next();
      return {
        stream: streamOf([
          { type: 'stream-start', warnings: [] },
          ...(made.length === 0 ? WORDS : contentOf(made)),
          { type: 'finish', ...endOf(major, made) },
        ]),
      };
    },
  };
  return new MODELS[major](script);
}

const WORDS = [
  { type: 'text-start', id: 'words' },
  { type: 'text-delta', id: 'words', delta: LAST_WORDS },
  { type: 'text-end', id: 'words' },
];

function contentOf(calls: readonly Call[]) {
  if (calls.length === 0) return [{ type: 'text', text: LAST_WORDS }];
  return calls.map(({ id, tool, args }) => ({
    type: 'tool-call',
    toolCallId: id,
    toolName: tool,
    input: JSON.stringify(args),
  }));
}

function endOf(major: Sdk['major'], calls: readonly Call[]) {
  const reason = calls.length === 0 ? 'stop' : 'tool-calls';
  if (major === 5) {
    return { finishReason: reason, usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } };
  }
  return {
    finishReason: { unified: reason, raw: reason },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    },
  };
}

function streamOf(parts: readonly unknown[]): ReadableStream<unknown> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}
