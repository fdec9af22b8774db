import { opaPolicy, type PolicyClient } from '@ai-sdk/policy-opa';
import { generateText, isStepCount, tool, type ToolSet } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import * as z from 'zod';

import { refund } from './refund.ts';

export const inputSchema = z.object({
  orderId: z.string(),
  amount: z.number(),
  currency: z.string(),
  note: z.string(),
  items: z.array(z.string()),
});

/** The one tool that the model calls. */
export const tools = {
  refund: tool({ description: 'Refunds an order.', inputSchema, execute: (args) => refund(args) }),
};

const request = { prompt: 'Please refund order o-2026-11-000451.', stopWhen: isStepCount(2) };

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

/** Forgets what the model was asked: in the long run that would be all the memory there is. */
export function forget(model: MockLanguageModelV4): void {
  model.doGenerateCalls.length = 0;
}

export type Generate = (model: MockLanguageModelV4, tools: ToolSet) => Promise<string>;

/** The whole conversation: a step with one tool call, then the answer. */
export const generate: Generate = async (model, given) => {
  const { text } = await generateText({ model, tools: given, ...request });
  return text;
};

/** The same with policy-opa's callback in front of the tool. */
export function generateWithOpa(client: PolicyClient): Generate {
  const toolApproval = opaPolicy({ client, path: 'agent/call' }) as never; // of another copy of the types
  return async (model, given) => {
    const { text } = await generateText({ model, tools: given, ...request, toolApproval });
    return text;
  };
}
