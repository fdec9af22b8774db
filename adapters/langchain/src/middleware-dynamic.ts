import { type CallInput, type Guard, isGuardError } from '@guardstile/core';
import { ToolMessage } from '@langchain/core/messages';

import { askInGraph } from './ask-in-graph.ts';
import type { ContextOf } from './call-context.ts';
import { callInput } from './call-input.ts';
import type { ToolConfig } from './tool-shape.ts';

interface DynamicCall {
  readonly id?: string | undefined;
  readonly name: string;
  readonly args: unknown;
  readonly config: ToolConfig | undefined;
}

/**
 * A call of a tool that the agent does not have, and that a middleware further in may: decided on by
 * name and arguments, with everything further in as its body.
 */
export async function dynamicCall<T>(
  guard: Guard,
  { id, name, args, config }: DynamicCall,
  context: ContextOf | undefined,
  body: () => T,
): Promise<Awaited<T> | ToolMessage> {
  let started = false;
  try {
    const tool = guard.tool({ name });
    const call = callInput(guard, { args, config, id }, context);
    const input: CallInput = guard.canAsk ? call : (await askInGraph(tool, call, config)).input;
    return await tool.run(input, () => {
      started = true;
      return body();
    });
  } catch (error) {
    if (started || !isGuardError(error) || error.code === 'aborted') throw error;
    const { message: content } = error;
    return new ToolMessage({ status: 'error', content, tool_call_id: id ?? '', name });
  }
}
