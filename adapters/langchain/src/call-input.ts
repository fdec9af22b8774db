import type { CallInput, Guard } from '@guardstile/core';

import { type ContextOf, contextOf } from './call-context.ts';
import type { ToolConfig } from './tool-shape.ts';
import { turnsOfConfig } from './turns-of-config.ts';

/** A call as LangChain makes it, with the arguments parsed. */
export interface ParsedCall {
  readonly args: unknown;
  readonly config: ToolConfig | undefined;
  /** The model's id of the call; application code that calls a tool has none. */
  readonly id: string | undefined;
  /** Why the call cannot run as it is, where the adapter knows a reason. */
  readonly refusal?: string | undefined;
}

/** LangChain's call in the words of the guard. */
export function callInput(
  guard: Guard,
  { args, config, id, refusal }: ParsedCall,
  resolve: ContextOf | undefined,
): CallInput {
  const { context, problem } = contextOf(guard, config, resolve);
  const reason = refusal ?? problem;
  return {
    args,
    parsed: true,
    turns: () => turnsOfConfig(config),
    ...(id === undefined ? {} : { id }),
    ...(context === undefined ? {} : { context }),
    ...(reason === undefined ? {} : { demands: [{ effect: 'deny', reason }] }),
  };
}
