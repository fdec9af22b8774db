import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages';

import type { PendingCall } from './middleware-asks.ts';

/** The calls of the model's last answer that were not made yet. */
export function pendingCalls(messages: readonly BaseMessage[]): readonly PendingCall[] {
  const answered = new Set(
    messages.filter(ToolMessage.isInstance).map(({ tool_call_id: id }) => id),
  );
  const calls: readonly PendingCall[] = lastAnswer(messages)?.tool_calls ?? [];
  return calls.filter(({ id }) => id === undefined || !answered.has(id));
}

function lastAnswer(messages: readonly BaseMessage[]): AIMessage | undefined {
  return messages.findLast((message) => AIMessage.isInstance(message));
}

/** The model's answer with edited calls, in place of the original. */
export function editedBy(
  edits: ReadonlyMap<PendingCall, PendingCall['args']>,
  messages: readonly BaseMessage[],
): { messages: BaseMessage[] } | undefined {
  const last = lastAnswer(messages);
  if (edits.size === 0 || last === undefined) return undefined;
  const calls = last.tool_calls?.map((call) => ({ ...call, args: edits.get(call) ?? call.args }));
  return { messages: [new AIMessage({ ...last.lc_kwargs, tool_calls: calls ?? [] })] };
}
