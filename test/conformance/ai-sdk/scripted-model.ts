import { MockLanguageModelV4 } from 'ai/test';
import type { ScriptedCall } from '../adapter/harness.ts';

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const TOOL_CALLS = { unified: 'tool-calls', raw: 'tool_calls' } as const;
const STOP = { unified: 'stop', raw: 'stop' } as const;

type StreamResult = Awaited<ReturnType<MockLanguageModelV4['doStream']>>;
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never;

/** What the scripted model says when it has made all its calls. */
const LAST_WORDS = 'done';

/** A model that makes the given calls, step by step, and then answers. Streams too. */
export function scriptedModel(steps: ReadonlyArray<readonly ScriptedCall[]>): MockLanguageModelV4 {
  let next = 0;

  function step() {
    const calls = (steps[next] ?? []).map(({ id, tool, args }) => ({
      type: 'tool-call' as const,
      toolCallId: id,
      toolName: tool,
      input: JSON.stringify(args),
    }));
    next += 1;
    return calls;
  }

  return new MockLanguageModelV4({
    doGenerate: async () => {
      const calls = step();
      const content = calls.length === 0 ? [{ type: 'text' as const, text: LAST_WORDS }] : calls;
      const finishReason = calls.length === 0 ? STOP : TOOL_CALLS;
      return { content, finishReason, usage, warnings: [] };
    },
    doStream: async () => {
      const calls = step();
      const said: StreamPart[] =
        calls.length === 0
          ? [
              { type: 'text-start', id: 'words' },
              { type: 'text-delta', id: 'words', delta: LAST_WORDS },
              { type: 'text-end', id: 'words' },
            ]
          : calls;
      const finishReason = calls.length === 0 ? STOP : TOOL_CALLS;
      return {
        stream: streamOf([
          { type: 'stream-start', warnings: [] },
          ...said,
          { type: 'finish', finishReason, usage },
        ]),
      };
    },
  });
}

function streamOf<Part>(parts: readonly Part[]): ReadableStream<Part> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}
