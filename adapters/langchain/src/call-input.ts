import type { CallContext, CallInput, Guard } from '@guardstile/core';

import { type ContextOf, contextOf, contradicts } from './call-context.ts';
import type { ToolConfig } from './tool-shape.ts';

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
  const { found, problem } = resolved(guard, config, resolve);
  const context = contextOf(guard, config, found);
  const reason = refusal ?? problem;
  return {
    args,
    parsed: true,
    ...(id === undefined ? {} : { id }),
    ...(context === undefined ? {} : { context }),
    ...(reason === undefined ? {} : { demands: [{ effect: 'deny', reason }] }),
  };
}

interface Resolved {
  readonly found?: CallContext | undefined;
  readonly problem?: string;
}

const NOTHING: Resolved = {};

function resolved(
  guard: Guard,
  config: ToolConfig | undefined,
  resolve: ContextOf | undefined,
): Resolved {
  if (resolve === undefined) return NOTHING;
  try {
    const found = resolve(config ?? {});
    if (!contradicts(guard.context, found)) return { found };
    return {
      problem:
        'the config of the run names another principal than the guard is bound to; let one of them say who it is',
    };
  } catch {
    return { problem: 'the context option of the guarded tools failed; mend it' };
  }
}

/** The id of the model's call, unless the config is an outer tool's, which has another call's id. */
export function callIdOf(config: ToolConfig | undefined, tool: string): string | undefined {
  const call = config?.toolCall;
  if (typeof call !== 'object' || call === null || call.name !== tool) return undefined;
  return textOr(call.id);
}

export function textOr(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
