import { type Approval, digest } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { interruptPayload } from './interrupt-payload.ts';

function approvalOf(more: Partial<Approval> = {}): Approval {
  return {
    aid: 'aid_1',
    rid: 'rid_1',
    call: 'call_1',
    bindings: { tool: { source: 'app', name: 'pay' }, digest: digest('args', 1) },
    args: { cents: 5 },
    shown: { cents: 5 },
    hidden: [],
    requirements: { votes: [{ kind: 'confirm' }], editable: ['cents'], grants: [] },
    reason: 'money',
    policy: digest('policy', 1),
    labels: [],
    expiresMs: 1000,
    state: 'pending',
    votes: [],
    version: 1,
    createdAt: 0,
    expiresAt: 1000,
    ...more,
  };
}

/** As a store gives it back that keeps no arguments. */
function withoutArgs(more: Partial<Approval>): Approval {
  const { args: _, ...rest } = approvalOf(more);
  return rest;
}

describe('the payload of an interrupt', () => {
  it('has exactly one action, as code for the human-in-the-loop middleware reads it', () => {
    const { actionRequests, reviewConfigs } = interruptPayload(approvalOf(), { edits: true });
    expect(actionRequests).toMatchObject([{ name: 'pay', args: { cents: 5 } }]);
    expect(reviewConfigs).toMatchObject([
      { actionName: 'pay', allowedDecisions: ['approve', 'edit', 'reject'] },
    ]);
  });

  it('has the same in the words of the inbox user interfaces', () => {
    const payload = interruptPayload(approvalOf(), { edits: true });
    expect(payload.action_requests).toMatchObject([
      {
        action_name: 'pay',
        args: { cents: 5 },
        arguments: { cents: 5 },
        description: expect.any(String) as unknown,
      },
    ]);
    expect(payload.review_configs).toMatchObject([
      { action_name: 'pay', allowed_decisions: ['approve', 'edit', 'reject'] },
    ]);
  });

  it('shows what somebody edited, and not the arguments from before', () => {
    const edited = { of: digest('args', 1), fields: { cents: 7 } };
    const args = { cents: 5, to: 'ann' };
    const shown = { cents: 7, to: 'ann' };
    for (const approval of [approvalOf({ args, shown, edited }), withoutArgs({ shown, edited })]) {
      const payload = interruptPayload(approval, { edits: true });
      const [{ args: now, arguments: same, description }] = payload.actionRequests;
      expect(now).toEqual({ cents: 7, to: 'ann' });
      expect(same).toEqual(now);
      expect(description).toContain('"cents": 7');
      expect(description).not.toContain('"cents": 5');
    }
  });

  it('names the approval, what it needs and when it expires', () => {
    expect(interruptPayload(approvalOf(), { edits: true }).guardstile).toEqual({
      aid: 'aid_1',
      reason: 'money',
      requires: ['confirmation by the requester'],
      editable: ['cents'],
      expiresAt: 1000,
    });
  });

  it.each<readonly [string, Partial<Approval>, boolean]>([
    [
      'nothing may be edited',
      { requirements: { votes: [{ kind: 'confirm' }], editable: [], grants: [] } },
      true,
    ],
    ['nobody could take the edit', {}, false],
  ])('offers no edit where %s', (_, more, edits) => {
    const { reviewConfigs } = interruptPayload(approvalOf(more), { edits });
    expect(reviewConfigs[0].allowedDecisions).toEqual(['approve', 'reject']);
  });

  it('makes characters visible that would hide what runs', () => {
    const args = { to: 'a\u202Eb\u0007' };
    const reason = 'pay\u200B';
    const [{ description }] = interruptPayload(approvalOf({ args, reason }), {
      edits: false,
    }).actionRequests;
    const hiding = ['\u202E', '\u0007', '\u200B'];
    expect(hiding.filter((character) => description.includes(character))).toEqual([]);
    expect(description.split('\n').length).toBeGreaterThan(3);
  });

  it('can be stored, whatever the arguments hold', () => {
    const args = { big: 10n, when: new Date(0), none: undefined, deep: new Map([['a', 1]]) };
    const payload = interruptPayload(approvalOf({ args }), { edits: false });
    expect(JSON.parse(JSON.stringify(payload))).toEqual(payload);
    expect(payload.actionRequests[0].args).toMatchObject({
      big: '10',
      when: '1970-01-01T00:00:00.000Z',
    });
  });
});
