import { generateText, jsonSchema, isStepCount, streamText, ToolLoopAgent } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { detailedEnd, modelBehaviour } from './model-behaviour.ts';
import { sdkOf } from './sdk-of.ts';
import type { ModelStep, Sdk } from './sdk.ts';

/** A model of the specification V4. */
export function modelV4(next: () => ModelStep): MockLanguageModelV4 {
  return new MockLanguageModelV4(modelBehaviour(next, detailedEnd));
}

export const v7: Sdk = sdkOf({
  name: 'ai 7',
  major: 7,
  agentName: 'ToolLoopAgent',
  nativeApproval: true,
  errorText: String,
  jsonSchema,
  generateText,
  streamText,
  Agent: ToolLoopAgent,
  stopAfter: isStepCount,
  modelOf: modelV4,
});
