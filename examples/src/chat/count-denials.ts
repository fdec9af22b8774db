import { type Guard, isGuardError } from '@guardstile/core';
import { getToolName, isToolUIPart, type UIMessage } from 'ai';

/**
 * The SDK calls nothing for what a person has denied, so it is counted here: then the denial is in
 * the log, and final, whatever the conversation says later.
 */
export async function countDenials(
  guard: Guard,
  tools: Readonly<Record<string, object>>,
  messages: readonly UIMessage[],
): Promise<void> {
  for (const part of messages.at(-1)?.parts.filter(isToolUIPart) ?? []) {
    if (part.state !== 'approval-responded' || part.approval.approved) continue;
    const name = getToolName(part);
    if (!Object.hasOwn(tools, name)) continue;
    const { description } = tools[name] as { readonly description?: string }; // a text in this shop
    const answer = { channel: 'chat', verdict: 'deny' } as const;
    try {
      const tool = guard.tool({ name, description });
      await tool.vote({ id: part.toolCallId, args: part.input, parsed: true, answer });
    } catch (error) {
      // A client can send anything: what nobody asked about, or was answered before, counts nothing.
      if (!isGuardError(error)) throw error;
    }
  }
}
