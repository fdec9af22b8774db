import { describe, expect, it } from 'vitest';
import { answerIn, isReplayed } from './approval-answer.ts';
import type { Message } from './tool-shape.ts';

const request = (toolCallId: string, approvalId: string): Message => ({
  role: 'assistant',
  content: [
    { type: 'tool-call', toolCallId, toolName: 'refund', input: {} },
    { type: 'tool-approval-request', toolCallId, approvalId },
  ],
});
const response = (approvalId: string, approved: unknown, reason?: unknown) => ({
  type: 'tool-approval-response',
  approvalId,
  approved,
  reason,
});
const answers = (...content: unknown[]): Message => ({ role: 'tool', content });

describe('the answer to a call', () => {
  it('is found by its approval, with the note of who gave it', () => {
    const messages = [request('call-1', 'a-1'), answers(response('a-1', true, 'go on'))];
    expect(answerIn(messages, 'call-1')).toEqual({
      channel: 'ai-sdk',
      verdict: 'approve',
      note: 'go on',
    });
  });

  it.each([
    ['a denial', false],
    ['anything but true', 'true'],
    ['nothing', undefined],
  ])('denies for %s', (_, approved) => {
    const messages = [request('call-1', 'a-1'), answers(response('a-1', approved))];
    expect(answerIn(messages, 'call-1')).toEqual({ channel: 'ai-sdk', verdict: 'deny' });
  });

  it('is the first of several, as the SDK takes it', () => {
    const content = [response('a-1', false), response('a-1', true)];
    expect(answerIn([request('call-1', 'a-1'), answers(...content)], 'call-1')).toMatchObject({
      verdict: 'deny',
    });
  });

  const without: ReadonlyArray<[string, readonly Message[] | undefined]> = [
    ['no messages', undefined],
    ['an empty conversation', []],
    [
      'a conversation that goes on behind it',
      [request('call-1', 'a-1'), answers(response('a-1', true)), { role: 'user', content: 'and?' }],
    ],
    ['the answer to another approval', [request('call-1', 'a-1'), answers(response('a-2', true))]],
    ['the answer to another call', [request('call-2', 'a-1'), answers(response('a-1', true))]],
    ['an approval that is not for any call', [answers(response('a-1', true))]],
    [
      'an answer of somebody else',
      [request('call-1', 'a-1'), { role: 'user', content: [response('a-1', true)] }],
    ],
    ['a message of text', [request('call-1', 'a-1'), { role: 'tool', content: 'approved' }]],
  ];

  it.each(without)('is not found in %s', (_, messages) => {
    expect(answerIn(messages, 'call-1')).toBeUndefined();
  });

  it('is not found for a call without an id', () => {
    const messages = [request('call-1', 'a-1'), answers(response('a-1', true))];
    expect(answerIn(messages, undefined)).toBeUndefined();
  });
});

describe('a call is taken for a replayed one', () => {
  it('when the conversation holds it, whoever wrote it there', () => {
    const part = { type: 'tool-call', toolCallId: 'call-1', toolName: 'refund', input: {} };
    for (const role of ['assistant', 'user', 'tool', 'anybody']) {
      expect(isReplayed([{ role, content: [part] }], 'call-1')).toBe(true);
    }
  });

  it('when nobody can say, without messages or an id', () => {
    expect(isReplayed(undefined, 'call-1')).toBe(true);
    expect(isReplayed([], undefined)).toBe(true);
  });

  it('not when it is in no message yet', () => {
    expect(isReplayed([], 'call-1')).toBe(false);
    expect(
      isReplayed([{ role: 'user', content: 'call-1' }, request('call-2', 'a-2')], 'call-1'),
    ).toBe(false);
  });
});
