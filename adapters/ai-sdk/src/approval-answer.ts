import type { CallInput } from '@guardstile/core';

import type { Message } from './tool-shape.ts';

interface Part {
  readonly type?: unknown;
  readonly approvalId?: unknown;
  readonly approved?: unknown;
  readonly toolCallId?: unknown;
  readonly reason?: unknown;
}

/**
 * The answer to this call's approval in the conversation. The SDK resumes calls whose answers are
 * in the last message; what they say is only a claim, which the guard holds against what it opened.
 */
export function answerIn(
  messages: readonly Message[] | undefined,
  toolCallId: string | undefined,
): CallInput['answer'] {
  const last = messages?.at(-1);
  if (messages === undefined || toolCallId === undefined || last?.role !== 'tool') return undefined;
  for (const part of partsOf(last)) {
    if (part.type !== 'tool-approval-response') continue;
    if (!requested(messages, part.approvalId, toolCallId)) continue;
    const verdict = part.approved === true ? 'approve' : 'deny';
    const note = typeof part.reason === 'string' ? { note: part.reason } : {};
    return { channel: 'ai-sdk', verdict, ...note };
  }
  return undefined;
}

/**
 * Whether the conversation holds the call already. The SDK replays such calls when an approval is
 * claimed for them, and the conversation may be whatever a client sent: only a call that the model
 * has just made is in no message yet.
 */
export function isReplayed(
  messages: readonly Message[] | undefined,
  toolCallId: string | undefined,
): boolean {
  if (!Array.isArray(messages) || toolCallId === undefined) return true;
  return (messages as readonly Message[]).some((message) =>
    partsOf(message).some((part) => part.type === 'tool-call' && part.toolCallId === toolCallId),
  );
}

function requested(messages: readonly Message[], approvalId: unknown, toolCallId: string): boolean {
  return messages.some((message) =>
    partsOf(message).some(
      (part) =>
        part.type === 'tool-approval-request' &&
        part.approvalId === approvalId &&
        part.toolCallId === toolCallId,
    ),
  );
}

function partsOf(message: Message): readonly Part[] {
  return Array.isArray(message.content) ? (message.content as readonly Part[]) : [];
}
