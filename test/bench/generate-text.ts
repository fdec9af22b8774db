import type { opaPolicy } from '@ai-sdk/policy-opa';
import { generateText, isStepCount, type ToolSet } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** A model that answers at once: it calls `refund`, then says `done`. */
export function refundingModel(args: object): MockLanguageModelV4 {
  const input = JSON.stringify(args);
  return new MockLanguageModelV4({
    doGenerate: async ({ prompt }) =>
      prompt.at(-1)?.role === 'tool'
        ? {
            content: [{ type: 'text', text: 'done' }],
            finishReason: { unified: 'stop', raw: 'stop' },
            usage,
            warnings: [],
          }
        : {
            content: [{ type: 'tool-call', toolCallId: 'call-1', toolName: 'refund', input }],
            finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
            usage,
            warnings: [],
          },
  });
}

export interface Asking {
  readonly toolApproval?: ReturnType<typeof opaPolicy>;
}

/** The whole conversation: a step with one tool call, and the answer. */
export async function generate(
  model: MockLanguageModelV4,
  tools: ToolSet,
  asking: Asking = {},
): Promise<string> {
  const { text } = await generateText({
    model,
    tools,
    prompt: 'Please refund order o-2026-11-000451.',
    stopWhen: isStepCount(2),
    ...asking,
  });
  return text;
}

/** A mock model keeps what it was asked; in the long run that would be all the memory there is. */
export function forget(model: MockLanguageModelV4): void {
  model.doGenerateCalls.length = 0;
}
