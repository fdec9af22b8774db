import type { ModelMessage } from 'ai';

type AssistantPart = Extract<
  Extract<ModelMessage, { readonly role: 'assistant' }>['content'],
  readonly unknown[]
>[number];
type ToolPart = Extract<ModelMessage, { readonly role: 'tool' }>['content'][number];
type Part = AssistantPart | ToolPart;

/** All parts of the conversation, in order. */
function partsOf(messages: readonly ModelMessage[]): readonly Part[] {
  return messages.flatMap(({ role, content }): readonly Part[] =>
    (role === 'assistant' || role === 'tool') && typeof content !== 'string' ? content : [],
  );
}

/** What the model reads of each call, by call id. */
export function seenIn(messages: readonly ModelMessage[]): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const part of partsOf(messages)) {
    if (part.type !== 'tool-result') continue;
    const { output } = part;
    const value = 'value' in output ? output.value : (output.reason ?? 'denied');
    seen.set(part.toolCallId, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return seen;
}

/** The approval requests that nobody has answered, by call id. */
export function unansweredIn(messages: readonly ModelMessage[]): ReadonlyMap<string, string> {
  const open = new Map<string, string>();
  for (const part of partsOf(messages)) {
    if (part.type === 'tool-approval-request') open.set(part.toolCallId, part.approvalId);
  }
  for (const part of partsOf(messages)) {
    if (part.type !== 'tool-approval-response') continue;
    for (const [callId, approvalId] of open) {
      if (approvalId === part.approvalId) open.delete(callId);
    }
  }
  return open;
}

/** Tool names by call id. */
export function toolNamesIn(messages: readonly ModelMessage[]): ReadonlyMap<string, string> {
  return new Map(
    partsOf(messages).flatMap((part): Array<[string, string]> =>
      part.type === 'tool-call' ? [[part.toolCallId, part.toolName]] : [],
    ),
  );
}
