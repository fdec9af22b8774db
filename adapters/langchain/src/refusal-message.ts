import { type GuardError, isGuardError } from '@guardstile/core';
import { ToolMessage } from '@langchain/core/messages';

import type { ToolShape } from './tool-shape.ts';

/** Errors with which a guard refused, as opposed to those that bodies of tools failed with. */
const refusals = new WeakSet<GuardError>();

/** Remembers that the guard itself refused. Returns the error. */
export function markRefusal(error: unknown): unknown {
  if (isGuardError(error)) refusals.add(error);
  return error;
}

/**
 * A refusal as the answer to the model's call. An abort stays an error, since the whole run is over,
 * and so does what another tool was refused that this one's body called.
 *
 * @throws whatever else the call failed with.
 */
export function refusalMessage(
  error: unknown,
  tool: ToolShape,
  id: string | undefined,
): ToolMessage {
  const answers =
    id !== undefined &&
    isGuardError(error) &&
    refusals.has(error) &&
    error.code !== 'aborted' &&
    error.tool === tool.name;
  if (!answers) throw error;
  return new ToolMessage({
    status: 'error',
    content: contentOf(error),
    tool_call_id: id,
    name: tool.name,
    ...(typeof tool.metadata === 'object' && tool.metadata !== null
      ? { metadata: tool.metadata as Record<string, unknown> } // as LangChain does with results
      : {}),
  });
}

/** What is to be done for a call that nobody can be asked about depends on the framework. */
function contentOf({ code, aid, message }: GuardError): string {
  if (code !== 'approval_required' || aid !== undefined) return message;
  return `${message} (compile the graph with a checkpointer and pass a thread_id)`;
}
