import type { CallInput, Guard, GuardedTool, MaybePromise } from '@guardstile/core';

import type { ToolConfig } from './tool-shape.ts';

/** A call that may have to be asked about while nobody in this process can be. */
export interface Askable {
  readonly guard: Guard;
  readonly tool: GuardedTool;
  readonly input: CallInput;
  readonly config: ToolConfig | undefined;
}

/**
 * What happens before such a call: gives the input to run it with, perhaps with an answer in it, or
 * throws what stops the graph. Nothing runs unless the guard then allows that input.
 */
export type AskStrategy = (call: Askable) => MaybePromise<CallInput>;
