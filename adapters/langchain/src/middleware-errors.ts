import { isGuardError } from '@guardstile/core';
import { ToolMessage } from '@langchain/core/messages';
import { isGraphBubbleUp } from '@langchain/langgraph';
import { MiddlewareError, ToolInvocationError } from 'langchain';

interface FailedCall {
  readonly toolCall: { readonly id?: string | undefined; readonly name: string };
  readonly runtime: { readonly signal?: AbortSignal | undefined };
}

/**
 * What a failed tool answers to the model. LangChain does this itself as long as no middleware wraps
 * tool calls, and ends the whole run otherwise.
 *
 * @throws what is no failure of the tool: interrupts, aborts, and arguments that do not fit, which
 * LangChain still answers itself.
 */
export function failureMessage(error: unknown, { toolCall, runtime }: FailedCall): ToolMessage {
  const cause = causeOf(error);
  const over =
    runtime.signal?.aborted === true || (isGuardError(cause) && cause.code === 'aborted');
  if (over || isGraphBubbleUp(error) || ToolInvocationError.isInstance(cause)) throw error;
  return new ToolMessage({
    status: 'error',
    content: `${String(error)}\n Please fix your mistakes.`,
    tool_call_id: toolCall.id ?? '',
    name: toolCall.name,
  });
}

/** Each middleware on the way out wraps the error once more. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (MiddlewareError.isInstance(cause)) cause = cause.cause;
  return cause;
}
