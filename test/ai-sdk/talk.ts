import type { ModelMessage, ToolSet } from 'ai';
import type { ScriptedCall } from '../conformance/adapter/harness.ts';
import { USER } from '../conformance/ai-sdk/conversation.ts';
import { stepsOf } from '../conformance/ai-sdk/scripted-model.ts';
import type { Sdk } from '../conformance/ai-sdk/sdk.ts';

/** The conversation after a model of that version has gone through its steps. */
export async function talk(
  sdk: Sdk,
  tools: ToolSet,
  steps: ReadonlyArray<readonly ScriptedCall[]>,
  messages: readonly ModelMessage[] = [USER],
  more: object = {},
): Promise<ModelMessage[]> {
  const model = sdk.modelOf(stepsOf(steps));
  const stopWhen = sdk.stopAfter(5);
  const result = await sdk.generateText({ ...more, model, tools, messages, stopWhen });
  return [...messages, ...(result.responseMessages ?? result.response.messages ?? [])];
}
