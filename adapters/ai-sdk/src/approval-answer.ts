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
 * The approval of this call in the conversation. The SDK resumes calls whose answers are in the
 * last message; what they say is only a claim, which the guard holds against what it opened.
 */
export function approvedIn(
  messages: readonly Message[] | undefined,
  toolCallId: string | undefined,
): CallInput['answer'] {
  const last = messages?.at(-1);
  if (messages === undefined || toolCallId === undefined || last?.role !== 'tool') return undefined;
  for (const part of partsOf(last)) {
    if (part.type !== 'tool-approval-response' || part.approved !== true) continue;
    if (!requested(messages, part.approvalId, toolCallId)) continue;
    const note = typeof part.reason === 'string' ? { note: part.reason } : {};
    return { channel: 'ai-sdk', verdict: 'approve', ...note };
  }
  return undefined;
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
