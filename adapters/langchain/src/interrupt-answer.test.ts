import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { interruptAnswer } from './interrupt-answer.ts';

const action = { name: 'pay', args: { x: 1 } };

describe('an answer to an interrupt', () => {
  it.each<readonly [string, unknown, unknown]>([
    ['an approval', { decisions: [{ type: 'approve' }] }, { kind: 'approve' }],
    [
      'a rejection',
      { decisions: [{ type: 'reject', message: 'no' }] },
      { kind: 'reject', note: 'no' },
    ],
    [
      'a rejection without a word',
      { decisions: [{ type: 'reject' }] },
      { kind: 'reject', note: '' },
    ],
    [
      'an edit in camel case',
      { decisions: [{ type: 'edit', editedAction: action }] },
      { kind: 'edit', ...action },
    ],
    [
      'an edit in snake case',
      { decisions: [{ type: 'edit', edited_action: action }] },
      { kind: 'edit', ...action },
    ],
    ['accept in an inbox', [{ type: 'accept', args: null }], { kind: 'approve' }],
    ['ignore in an inbox', [{ type: 'ignore', args: null }], { kind: 'reject', note: '' }],
    ['a response in an inbox', [{ type: 'response', args: 'no' }], { kind: 'reject', note: 'no' }],
    [
      'an edit in an inbox',
      [{ type: 'edit', args: { action: 'pay', args: { x: 1 } } }],
      { kind: 'edit', ...action },
    ],
    [
      'one that names the approval',
      { aid: 'a', decisions: [{ type: 'approve' }] },
      { kind: 'approve' },
    ],
  ])('is understood as %s', (_, value, answer) => {
    expect(interruptAnswer(value, 'a')).toEqual(answer);
  });

  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['no decision', { decisions: [] }],
    ['two decisions', { decisions: [{ type: 'approve' }, { type: 'approve' }] }],
    ['two decisions in an inbox', [{ type: 'accept' }, { type: 'accept' }]],
    ['a decision outside a list', { decisions: { type: 'approve' } }],
    ['a bare decision', { type: 'approve' }],
    ['an inbox answer as a decision', { decisions: [{ type: 'accept' }] }],
    ['a decision as an inbox answer', [{ type: 'approve' }]],
    ['an edit without an action', { decisions: [{ type: 'edit' }] }],
    [
      'an edit whose arguments are a list',
      { decisions: [{ type: 'edit', editedAction: { name: 'pay', args: [] } }] },
    ],
    ['another approval', { aid: 'b', decisions: [{ type: 'approve' }] }],
    ['a decision on another approval', { decisions: [{ type: 'approve', aid: 'b' }] }],
    ['an approval by number', { aid: 1, decisions: [{ type: 'approve' }] }],
  ])('that is %s rejects, and says why', (_, value) => {
    const answer = interruptAnswer(value, 'a');
    expect(answer).toEqual({ kind: 'reject', note: expect.stringMatching(/./) as unknown });
  });

  it('in two spellings that differ rejects', () => {
    const other = { name: 'pay', args: { x: 2 } };
    const both = { type: 'edit', editedAction: action, edited_action: other };
    expect(interruptAnswer({ decisions: [both] }, 'a')).toMatchObject({ kind: 'reject' });
    const same = { type: 'edit', editedAction: action, edited_action: { ...action } };
    expect(interruptAnswer({ decisions: [same] }, 'a')).toMatchObject({ kind: 'edit' });
  });

  it('approves only where it says so itself', () => {
    const approves = (value: unknown): boolean =>
      JSON.stringify(value)?.includes('"approve"') || JSON.stringify(value)?.includes('"accept"');
    fc.assert(
      fc.property(fc.anything(), (value) => {
        fc.pre(!approves(value));
        expect(interruptAnswer(value, 'a').kind).not.toBe('approve');
      }),
    );
  });
});

describe('a polluted prototype', () => {
  afterEach(() => {
    for (const name of ['decisions', 'type', 'editedAction', 'args']) {
      Reflect.deleteProperty(Object.prototype, name);
    }
  });

  it.each(['decisions', 'type'])('lends an answer no %s', (name) => {
    const value = name === 'type' ? 'approve' : [{ type: 'approve' }];
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true });
    expect(interruptAnswer({}, 'a').kind).toBe('reject');
    expect(interruptAnswer({ decisions: [{}] }, 'a').kind).toBe('reject');
    expect(interruptAnswer([{}], 'a').kind).toBe('reject');
  });
});
