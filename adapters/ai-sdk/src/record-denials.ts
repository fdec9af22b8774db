import { GuardError, isGuardError } from '@guardstile/core';

import { idOf } from './conversation.ts';
import { fieldOf, isObject } from './field-of.ts';
import { type Known, knownExecute } from './known-execute.ts';

interface DeniedCall {
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
  readonly note: string | undefined;
}

/**
 * Counts what a person has denied in the SDK's own dialog, as a vote of the context's principal: then
 * it is in the log, and final, whatever the conversation says later. The SDK calls nothing of a tool
 * for an approval that was denied, so pass the messages here before they go to the model. What the
 * guard never asked about, or was answered before, counts for nothing.
 *
 * @example
 * const messages = await convertToModelMessages(uiMessages, { tools });
 * await recordDenials(tools, messages);
 * const result = streamText({ model, tools, messages });
 *
 * @throws {GuardError} `options_invalid` for messages of the user interface.
 */
export async function recordDenials(tools: object, messages: readonly unknown[]): Promise<void> {
  if (!Array.isArray(messages) || messages.some(isOfUi)) {
    throw new GuardError(
      'options_invalid',
      'recordDenials: pass the messages for the model: await convertToModelMessages(uiMessages, { tools })',
    );
  }
  for (const call of deniedIn(messages)) {
    let known = knownExecute(fieldOf(fieldOf(tools, call.tool), 'execute'));
    for (; known !== undefined; known = known.inner) await deny(known, call);
  }
}

async function deny({ tool }: Known, { id, input, note }: DeniedCall): Promise<void> {
  const said = note === undefined ? {} : { note };
  const answer = { channel: 'ai-sdk', verdict: 'deny', ...said } as const;
  try {
    await tool.vote({ id, args: input, parsed: true, answer });
  } catch (error) {
    // A client can send anything, and must not be able to end the request with it.
    if (!isGuardError(error)) throw error;
  }
}

function deniedIn(messages: readonly unknown[]): readonly DeniedCall[] {
  const calls = new Map<string, { readonly tool: string; readonly input: unknown }>();
  const asked = new Map<string, string>();
  for (const part of messages.flatMap(partsOf)) {
    const id = idOf(fieldOf(part, 'toolCallId'));
    const approval = idOf(fieldOf(part, 'approvalId'));
    const tool = fieldOf(part, 'toolName');
    const type = fieldOf(part, 'type');
    if (type === 'tool-call' && id !== undefined && typeof tool === 'string') {
      calls.set(id, { tool, input: fieldOf(part, 'input') });
    }
    if (type === 'tool-approval-request' && id !== undefined && approval !== undefined) {
      asked.set(approval, id);
    }
  }
  return partsOf(messages.at(-1)).flatMap((part) => {
    if (fieldOf(part, 'type') !== 'tool-approval-response') return [];
    if (fieldOf(part, 'approved') !== false) return [];
    const id = asked.get(idOf(fieldOf(part, 'approvalId')) ?? '');
    const call = id === undefined ? undefined : calls.get(id);
    if (id === undefined || call === undefined) return [];
    const reason = fieldOf(part, 'reason');
    return [{ id, ...call, note: typeof reason === 'string' ? reason : undefined }];
  });
}

/** A message as `useChat` keeps it. Nothing would be found in it, and no denial recorded. */
function isOfUi(message: unknown): boolean {
  return Array.isArray(fieldOf(message, 'parts')) && fieldOf(message, 'content') === undefined;
}

function partsOf(message: unknown): readonly unknown[] {
  const content = fieldOf(message, 'content');
  return Array.isArray(content) ? content.filter(isObject) : [];
}
