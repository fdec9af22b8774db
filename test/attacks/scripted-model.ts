import { stepsOf } from '../conformance/ai-sdk/scripted-model.ts';
import type { Sdk, ScriptedModel } from '../conformance/ai-sdk/sdk.ts';
import type { Turn } from './script.ts';

/**
 * A model that follows a script whatever it is told: message by message it makes the calls of a
 * turn, then it answers and ends the loop.
 */
export function scriptedModel(sdk: Sdk, script: readonly Turn[]): ScriptedModel {
  return sdk.modelOf(
    stepsOf(script.map((turn) => turn.map(({ id, step: { tool, args } }) => ({ id, tool, args })))),
  );
}

/** What a model was told of one call: the output of a part of its tool messages. */
export interface ToolOutput {
  readonly type: string;
  readonly value?: unknown;
}

interface ToolPart {
  readonly toolCallId: string;
  readonly output: ToolOutput;
}

/** What a model had been told of its calls when it wrote its last message. */
export function outputsSeenBy({
  doGenerateCalls,
}: ScriptedModel): readonly { readonly callId: string; readonly output: ToolOutput }[] {
  const last = doGenerateCalls.at(-1)?.prompt ?? [];
  return last
    .flatMap(({ role, content }) => (role === 'tool' ? (content as readonly ToolPart[]) : []))
    .map(({ toolCallId, output }) => ({ callId: toolCallId, output }));
}
