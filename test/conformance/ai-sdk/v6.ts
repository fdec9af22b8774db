import { generateText, jsonSchema, stepCountIs, streamText, ToolLoopAgent } from 'ai-v6';
import { MockLanguageModelV3 } from 'ai-v6/test';
import { detailedEnd, modelBehaviour } from './model-behaviour.ts';
import { sdkOf } from './sdk-of.ts';
import type { Sdk } from './sdk.ts';

export const v6: Sdk = sdkOf({
  name: 'ai 6',
  major: 6,
  agentName: 'ToolLoopAgent',
  nativeApproval: true,
  errorText: ({ message }) => message,
  jsonSchema,
  generateText,
  streamText,
  Agent: ToolLoopAgent,
  stopAfter: stepCountIs,
  modelOf: (next) => new MockLanguageModelV3(modelBehaviour(next, detailedEnd)),
});
