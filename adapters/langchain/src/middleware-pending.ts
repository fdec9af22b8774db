import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages';

import type { Ahead, PendingCall } from './middleware-asks.ts';

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

/** The model's answer with edited calls, in place of the original, and the answers to calls that are over. */
export function changedBy(
  { edits, expired }: Ahead,
  messages: readonly BaseMessage[],
): { messages: BaseMessage[] } | undefined {
  const last = lastAnswer(messages);
  if (last === undefined || edits.size + expired.size === 0) return undefined;
  const calls = last.tool_calls?.map((call) => ({ ...call, args: edits.get(call) ?? call.args }));
  const edited = new AIMessage({ ...last.lc_kwargs, tool_calls: calls ?? [] });
  const answers = [...expired].map(
    ([{ id = '', name }, content]) =>
      new ToolMessage({ status: 'error', content, tool_call_id: id, name }),
  );
  return { messages: [...(edits.size === 0 ? [] : [edited]), ...answers] };
}
