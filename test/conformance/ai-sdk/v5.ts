import { Experimental_Agent, generateText, jsonSchema, stepCountIs, streamText } from 'ai-v5';
import { MockLanguageModelV2 } from 'ai-v5/test';
import { type EndOf, modelBehaviour } from './model-behaviour.ts';
import { sdkOf } from './sdk-of.ts';
import type { Sdk } from './sdk.ts';

const plainEnd: EndOf<{
  finishReason: 'stop' | 'tool-calls';
  usage: { inputTokens: number; outputTokens: number; totalTokens: number };
}> = (finishReason) => ({
  finishReason,
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
});

export const v5: Sdk = sdkOf({
  name: 'ai 5',
  major: 5,
  agentName: 'Experimental_Agent',
  nativeApproval: false,
  errorText: ({ message }) => message,
  jsonSchema,
  generateText,
  streamText,
  Agent: Experimental_Agent,
  stopAfter: stepCountIs,
  modelOf: (next) => new MockLanguageModelV2(modelBehaviour(next, plainEnd)),
});
