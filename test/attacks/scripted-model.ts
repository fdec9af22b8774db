import { MockLanguageModelV4 } from 'ai/test';
import type { Turn } from './script.ts';

type GenerateResult = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>;

/**
 * A model that follows a script whatever it is told: message by message it makes the calls of a
 * turn, then it answers and ends the loop.
 */
export function scriptedModel(script: readonly Turn[]): MockLanguageModelV4 {
  let next = 0;
  return new MockLanguageModelV4({
    doGenerate: async () => {
      const turn = script[next] ?? [];
      next += 1;
      return message(turn);
    },
  });
}

function message(turn: Turn): GenerateResult {
  const calls = turn.map(({ id, step }) => ({
    type: 'tool-call' as const,
    toolCallId: id,
    toolName: step.tool,
    input: JSON.stringify(step.args),
  }));
  const done = calls.length === 0;
  return {
    content: done ? [{ type: 'text', text: 'done' }] : calls,
    finishReason: { unified: done ? 'stop' : 'tool-calls', raw: undefined },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    },
    warnings: [],
  };
}

/** What a model was told of one call: the output of a part of its tool messages. */
export interface ToolOutput {
  readonly type: string;
  readonly value?: unknown;
}

/** What a model had been told of its calls when it wrote its last message. */
export function outputsSeenBy(
  model: MockLanguageModelV4,
): readonly { readonly callId: string; readonly output: ToolOutput }[] {
  return (model.doGenerateCalls.at(-1)?.prompt ?? [])
    .flatMap(({ role, content }) => (role === 'tool' ? content : []))
    .filter((part) => part.type === 'tool-result')
    .map(({ toolCallId, output }) => ({ callId: toolCallId, output }));
}
