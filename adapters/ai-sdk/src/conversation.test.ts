import { describe, expect, it } from 'vitest';
import { answerIn, isReplayed } from './approval-answer.ts';
import { conversationOf, idOf, resumes } from './conversation.ts';
import type { Message } from './tool-shape.ts';

const call = (toolCallId: unknown) => ({ type: 'tool-call', toolCallId, toolName: 'refund' });
const result = (toolCallId: unknown) => ({ type: 'tool-result', toolCallId, toolName: 'refund' });
const request = (toolCallId: unknown, approvalId: unknown = `of ${String(toolCallId)}`) => ({
  type: 'tool-approval-request',
  toolCallId,
  approvalId,
});
const response = (approvalId: unknown, approved: unknown = true) => ({
  type: 'tool-approval-response',
  approvalId,
  approved,
});
const said = (...content: unknown[]): Message => ({ role: 'assistant', content });
const answered = (...content: unknown[]): Message => ({ role: 'tool', content });

describe('an id that a provider gives twice', () => {
  it('is of a new call once the first one has its result', () => {
    const first = [said(call('call-0')), answered(result('call-0'))];
    expect(isReplayed(first, 'call-0')).toBe(false);
    expect(resumes(first)).toBe(false);
  });

  it('is of a new call where the first one was answered by the SDK itself', () => {
    const denied = [
      said(call('call-0'), request('call-0')),
      answered(response('of call-0', false), result('call-0')),
    ];
    expect(isReplayed(denied, 'call-0')).toBe(false);
    expect(answerIn(denied, 'call-0')).toBeUndefined();
    expect(resumes(denied)).toBe(false);
  });

  it('is of the first call as long as the last message answers an approval of it', () => {
    const history = [
      said(call('call-0')),
      answered(result('call-0')),
      said(request('call-0')),
      answered(response('of call-0')),
    ];
    expect(isReplayed(history, 'call-0')).toBe(true);
    expect(answerIn(history, 'call-0')).toMatchObject({ verdict: 'approve' });
  });

  it('is of the last call, if that one has no result', () => {
    const history = [said(call('call-0')), answered(result('call-0')), said(call('call-0'))];
    expect(isReplayed(history, 'call-0')).toBe(true);
  });
});

describe('ids that are no text', () => {
  it.each([
    [5, '5'],
    [true, 'true'],
    [null, 'null'],
    [['forged'], 'forged'],
    [{ id: 'forged' }, '[object Object]'],
  ])('are the keys that the SDK makes of them: %j', (id, key) => {
    expect(idOf(id)).toBe(key);
    const history = [said(call(id), request(id, id)), answered(response(key))];
    expect(answerIn(history, key)).toMatchObject({ verdict: 'approve' });
    expect(isReplayed(history, key)).toBe(true);
  });

  it('are those of nothing where they are missing, on both sides', () => {
    const history = [
      said({ type: 'tool-call' }, { type: 'tool-approval-request' }),
      answered({ type: 'tool-approval-response', approved: true }),
    ];
    expect(answerIn(history, undefined)).toMatchObject({ verdict: 'approve' });
    expect(answerIn(history, 'undefined')).toMatchObject({ verdict: 'approve' });
  });

  it('are none where the SDK could not look them up either', () => {
    expect(idOf({ toString: 'no', valueOf: 'no' })).toBeUndefined();
  });
});

describe('a conversation of anything', () => {
  it.each([
    ['no list', 'messages'],
    ['nothing', [undefined, null]],
    ['texts', ['call-0']],
    ['messages of nothing', [{}, { role: 'tool' }, { role: 'tool', content: null }]],
    ['parts of nothing', [said(null, undefined, 'x', 7), answered(null, undefined, 'x', 7)]],
  ])('claims nothing: %s', (_, messages) => {
    const given = messages as readonly Message[];
    expect(answerIn(given, 'call-0')).toBeUndefined();
    expect(resumes(given)).toBe(false);
    expect(conversationOf(given).unanswered.size).toBe(0);
  });
});

describe('a long conversation', () => {
  it('is read once, however many calls it claims approvals for', () => {
    const ids = Array.from({ length: 1000 }, (_, at) => `call-${at}`);
    let reads = 0;
    const counting = (role: string, content: unknown[]): Message => ({
      role,
      get content() {
        reads += 1;
        return content;
      },
    });
    const messages = [
      ...ids.map((id) => counting('assistant', [call(id), request(id)])),
      counting(
        'tool',
        ids.map((id) => response(`of ${id}`)),
      ),
    ];
    for (const id of ids) {
      expect(isReplayed(messages, id)).toBe(true);
      expect(answerIn(messages, id)).toMatchObject({ verdict: 'approve' });
    }
    // Each message once, and the last one a few times more.
    expect(reads).toBeLessThan(2 * ids.length);
  });

  it('of one approval for many calls is no longer to read', () => {
    const ids = Array.from({ length: 20_000 }, (_, at) => `call-${at}`);
    const messages = [
      said(...ids.flatMap((id) => [call(id), request(id, 'one')])),
      answered(...ids.map(() => response('one'))),
    ];
    expect(conversationOf(messages).claims.size).toBe(ids.length);
  });

  it('is read again when it has grown or ends otherwise', () => {
    const messages = [said(call('call-0'), request('call-0'))];
    expect(answerIn(messages, 'call-0')).toBeUndefined();
    messages.push(answered(response('of call-0')));
    expect(answerIn(messages, 'call-0')).toMatchObject({ verdict: 'approve' });
    messages[1] = answered(response('of call-0', false));
    expect(answerIn(messages, 'call-0')).toMatchObject({ verdict: 'deny' });
  });
});
