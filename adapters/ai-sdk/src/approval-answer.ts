import type { RequesterAnswer } from '@guardstile/core';

import { conversationOf, keyOf, resumes } from './conversation.ts';
import type { Message } from './tool-shape.ts';

/**
 * The answer to this call's approval in the conversation. The SDK resumes calls whose answers are
 * in the last message; what they say is only a claim, which the guard holds against what it opened.
 */
export function answerIn(
  messages: readonly Message[] | undefined,
  toolCallId: string | undefined,
): RequesterAnswer | undefined {
  if (!resumes(messages)) return undefined;
  const claim = conversationOf(messages).claims.get(keyOf(toolCallId));
  if (claim === undefined) return undefined;
  const { approved, reason } = claim;
  return {
    channel: 'ai-sdk',
    verdict: approved ? 'approve' : 'deny',
    ...(reason === undefined ? {} : { note: reason }),
  };
}

/**
 * Whether the call may be out of the conversation, which may be whatever a client sent: the SDK
 * replays calls when approvals are claimed in the last message, before the model makes new ones. A
 * call that the model has just made is in no message yet; where a provider gives the same id again,
 * the call before has its result.
 */
export function isReplayed(
  messages: readonly Message[] | undefined,
  toolCallId: string | undefined,
): boolean {
  if (!Array.isArray(messages) || toolCallId === undefined) return true;
  return resumes(messages) || conversationOf(messages).unanswered.has(toolCallId);
}
