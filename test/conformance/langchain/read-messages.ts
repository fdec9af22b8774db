import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages';
import type { CallOutcome } from '../adapter/harness.ts';

/** What a model reads of each call, by call id. */
export function outcomesIn(messages: readonly BaseMessage[]): ReadonlyMap<string, CallOutcome> {
  const names = new Map(
    messages.flatMap((message) =>
      AIMessage.isInstance(message)
        ? (message.tool_calls ?? []).map(({ id, name }): [string, string] => [id ?? '', name])
        : [],
    ),
  );
  const outcomes = new Map<string, CallOutcome>();
  for (const message of messages) {
    if (!ToolMessage.isInstance(message)) continue;
    const { tool_call_id: id, content, status } = message;
    const seen = withoutStack(typeof content === 'string' ? content : JSON.stringify(content));
    const what = status === 'error' ? { error: seen } : { result: content };
    outcomes.set(id, { id, tool: names.get(id) ?? '', previews: [], seen, ...what });
  }
  return outcomes;
}

/** Ids of the calls that nothing has answered yet. */
export function unansweredIn(messages: readonly BaseMessage[]): readonly string[] {
  const answered = outcomesIn(messages);
  return messages
    .flatMap((message) => (AIMessage.isInstance(message) ? (message.tool_calls ?? []) : []))
    .map(({ id = '' }) => id)
    .filter((id) => !answered.has(id));
}

/** A message without what differs from run to run. */
export function plainMessage(message: BaseMessage): unknown {
  const { type, content, name } = message;
  return {
    type,
    content: typeof content === 'string' ? withoutStack(content) : content,
    name,
    ...(AIMessage.isInstance(message) ? { calls: message.tool_calls } : {}),
    ...(ToolMessage.isInstance(message)
      ? { id: message.tool_call_id, status: message.status, artifact: message.artifact as unknown }
      : {}),
  };
}

/** `createAgent` shows the model where in the code a tool failed, which a guard stands in. */
function withoutStack(text: string): string {
  return text.replaceAll(/\n {4}at .*/g, '');
}
