import type { CallInput, Guard, GuardedTool, RequesterAnswer } from '@guardstile/core';

import { answerIn } from './approval-answer.ts';
import { idOf } from './conversation.ts';
import { eitherSignal } from './either-signal.ts';
import type { ExecuteOptions } from './tool-shape.ts';
import { turnsIn } from './turns-in.ts';

/** What the SDK passed, whatever its version leaves out. */
export function optionsOf(given: unknown): ExecuteOptions {
  return given ?? {};
}

/** A call as the SDK makes it. */
export interface SdkCall extends CallInput {
  readonly answer?: RequesterAnswer;
}

/** The SDK's call in the words of the guard. */
export function callInput(
  guard: Guard,
  { name }: GuardedTool,
  input: unknown,
  options: ExecuteOptions,
  demanded: boolean,
): SdkCall {
  const { abortSignal, messages } = options;
  // Out of a history that a client sent, it may be anything.
  const toolCallId = idOf(options.toolCallId);
  const answer = answerIn(messages, toolCallId);
  return {
    args: input,
    parsed: true,
    turns: () => turnsIn(messages),
    ...(toolCallId === undefined ? {} : { id: toolCallId }),
    ...(abortSignal === undefined
      ? {}
      : { context: { signal: eitherSignal(abortSignal, guard.context.signal) } }),
    ...(demanded
      ? { demands: [{ effect: 'ask', reason: `the tool ${name} itself needs approval` }] }
      : {}),
    ...(answer === undefined ? {} : { answer }),
  };
}
