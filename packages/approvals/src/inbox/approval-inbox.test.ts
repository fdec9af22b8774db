import {
  type Approval,
  type ApprovalBindings,
  type ApprovalStore,
  type AuditLog,
  type GrantOffer,
  isGuardError,
  memoryApprovals,
  memoryAudit,
  type Requirements,
} from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { approvalFor, FINANCE } from '../../test/approval-for.ts';
import {
  type ApprovalInbox,
  approvalInbox,
  type InboxEdit,
  type InboxVote,
} from './approval-inbox.ts';
import type { Voter } from './voter.ts';

const bob: Voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };
const carol: Voter = { id: 'carol', roles: ['finance'], tenant: 'acme' };
const mallory: Voter = { id: 'mallory', roles: ['sales'], tenant: 'acme' };
const alice: Voter = { id: 'alice', roles: ['finance'], tenant: 'acme' };
const stranger: Voter = { id: 'bob', roles: ['finance'], tenant: 'other' };

const CONFIRM: Requirements = { votes: [{ kind: 'confirm' }], editable: [], grants: [] };

interface Set {
  readonly inbox: ApprovalInbox;
  readonly approvals: ApprovalStore;
  readonly audit: AuditLog;
}

function setUp(approvals: ApprovalStore = memoryApprovals()): Set {
  const audit = memoryAudit();
  return { approvals, audit, inbox: approvalInbox({ approvals, audit }) };
}

function ballot(
  { bindings }: Approval,
  voter: Voter,
  verdict: InboxVote['verdict'] = 'approve',
  more: Partial<InboxVote> = {},
): InboxVote {
  return { voter, verdict, digest: bindings.digest, channel: 'test', ...more };
}

async function actions({ audit }: Set): Promise<readonly string[]> {
  return (await audit.query({ kind: 'approval' })).map(
    ({ action, actor }) => `${action} by ${actor}`,
  );
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'nothing thrown',
    (error: unknown) => (isGuardError(error) ? error.code : 'another error'),
  );
}

describe('an inbox', () => {
  it('approves once the quorum has voted, and writes each vote down first', async () => {
    const set = setUp();
    const approval = await approvalFor(set.approvals);
    const first = await set.inbox.vote(approval.aid, ballot(approval, bob));
    expect(first).toMatchObject({ ok: true, approval: { state: 'pending' } });
    const second = await set.inbox.vote(
      approval.aid,
      ballot(approval, carol, 'approve', { note: 'fine' }),
    );
    expect(second).toMatchObject({
      ok: true,
      approval: {
        state: 'approved',
        votes: [
          { voter: 'bob', channel: 'test', tenant: 'acme' },
          { voter: 'carol', note: 'fine' },
        ],
      },
    });
    expect(await actions(set)).toEqual(['approval.approve by bob', 'approval.approve by carol']);
    const [entry] = await set.audit.query({ action: 'approval.approve' });
    expect(entry).toMatchObject({
      kind: 'approval',
      aid: approval.aid,
      rid: approval.rid,
      tool: 'refund',
      user: 'alice',
      tenant: 'acme',
      digest: approval.bindings.digest,
      votes: [{ verdict: 'approve', voter: 'bob' }],
    });
  });

  it('counts nothing that the audit log did not take', async () => {
    const approvals = memoryApprovals();
    const full: AuditLog = {
      ...memoryAudit(),
      append: () => Promise.reject(new Error('disk full')),
    };
    const inbox = approvalInbox({ approvals, audit: full });
    const approval = await approvalFor(approvals, { password: 'x' });
    expect(await codeOf(inbox.vote(approval.aid, ballot(approval, bob, 'deny')))).toBe(
      'audit_error',
    );
    expect(await codeOf(inbox.reveal(approval.aid, bob))).toBe('audit_error');
    expect(await approvals.get(approval.aid)).toMatchObject({ state: 'pending', votes: [] });
  });

  it('says which store failed, and loses nothing', async () => {
    const approvals = memoryApprovals();
    const approval = await approvalFor(approvals);
    const broken: ApprovalStore = {
      ...approvals,
      vote: () => {
        throw new Error('database is locked');
      },
    };
    const { inbox } = setUp(broken);
    const attempt = inbox.vote(approval.aid, ballot(approval, bob));
    await expect(attempt).rejects.toThrow(/"memory" failed \(database is locked\)/);
    expect(await codeOf(inbox.vote(approval.aid, ballot(approval, bob)))).toBe(
      'approval_store_error',
    );
  });

  it.each<[string, Voter, Partial<InboxVote>]>([
    ['not-named', mallory, {}],
    ['not-named', { ...mallory, id: 'role:finance' }, {}],
    ['own-request', alice, {}],
    ['other-tenant', stranger, {}],
    ['other-tenant', { id: 'bob', roles: ['finance'] }, {}],
    ['changed', bob, { digest: 'sha256:0' }],
    ['too-long', bob, { note: 'x'.repeat(2001) }],
    ['not-named', mallory, { verdict: 'deny' }],
    ['other-tenant', stranger, { verdict: 'deny' }],
    ['changed', bob, { verdict: 'deny', digest: 'sha256:0' }],
    ['not-grantable', bob, { grant: { scope: 'session', fields: ['nobody'], expiresMs: 1000 } }],
    ['not-grantable', bob, { grant: { scope: 'session', fields: [], expiresMs: 1000 } }],
    ['not-grantable', bob, { grant: { scope: 'always', fields: ['amount'], expiresMs: 0 } }],
  ])('refuses with "%s" and writes nothing down (%j, %j)', async (reason, voter, more) => {
    const set = setUp();
    const approval = await approvalFor(set.approvals);
    const result = await set.inbox.vote(approval.aid, ballot(approval, voter, 'approve', more));
    expect(result).toMatchObject({ ok: false, reason });
    expect(result.ok ? '' : result.message).toMatch(/\w/);
    expect(await actions(set)).toEqual([]);
    expect(await set.approvals.get(approval.aid)).toMatchObject({ state: 'pending', votes: [] });
  });

  it('does not know an id that is none', async () => {
    const { inbox } = setUp();
    expect(await inbox.show('aid_none')).toBeUndefined();
    expect(
      await inbox.vote('aid_none', { voter: bob, verdict: 'approve', digest: '', channel: 'test' }),
    ).toMatchObject({ ok: false, reason: 'unknown' });
    expect(await inbox.reveal('aid_none', bob)).toMatchObject({ reason: 'unknown' });
    expect(await inbox.revoke('gid_none', bob)).toMatchObject({ reason: 'unknown' });
  });

  it('counts one person once, who may still change their mind to a denial', async () => {
    const set = setUp();
    const approval = await approvalFor(set.approvals);
    await set.inbox.vote(approval.aid, ballot(approval, bob));
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      ok: false,
      reason: 'voted-already',
    });
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob, 'deny'))).toMatchObject({
      ok: true,
      approval: { state: 'denied' },
    });
  });

  it('takes no answer to what is decided', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals);
    await inbox.vote(approval.aid, ballot(approval, bob, 'deny', { note: 'no' }));
    for (const verdict of ['approve', 'deny'] as const) {
      expect(await inbox.vote(approval.aid, ballot(approval, carol, verdict))).toMatchObject({
        ok: false,
        reason: 'decided',
        message: 'it is denied already, and an answer counts only before that',
      });
    }
    expect(await inbox.reveal(approval.aid, carol)).toMatchObject({ reason: 'decided' });
  });

  it('lets the requester withdraw, also what was approved and has not run', async () => {
    const set = setUp();
    const pending = await approvalFor(set.approvals);
    expect(await set.inbox.vote(pending.aid, ballot(pending, alice, 'deny'))).toMatchObject({
      ok: true,
      approval: { state: 'denied' },
    });
    const approved = await approvalFor(set.approvals);
    await set.inbox.vote(approved.aid, ballot(approved, bob));
    await set.inbox.vote(approved.aid, ballot(approved, carol));
    expect(await set.inbox.vote(approved.aid, ballot(approved, alice, 'deny'))).toMatchObject({
      ok: true,
      approval: { state: 'cancelled' },
    });
    expect(await set.approvals.consume(approved.aid, 'claim', approved.bindings)).toMatchObject({
      ok: false,
    });
  });

  it('does not call off what runs already', async () => {
    const approvals = memoryApprovals();
    const approval = await approvalFor(approvals);
    const set = setUp({
      ...approvals,
      async cancel(aid) {
        // The call was a moment quicker.
        await approvals.consume(aid, 'claim', approval.bindings);
        return approvals.cancel(aid);
      },
    });
    await set.inbox.vote(approval.aid, ballot(approval, bob));
    await set.inbox.vote(approval.aid, ballot(approval, carol));
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob, 'deny'))).toMatchObject({
      ok: false,
      reason: 'decided',
      message: 'it is consumed already, and an answer counts only before that',
    });
    expect((await actions(set)).slice(2)).toEqual([
      'approval.deny by bob',
      'approval.not-counted by bob',
    ]);
  });

  it('counts nothing once time is over', async () => {
    let now = 0;
    const { inbox, approvals } = setUp(memoryApprovals({ clock: () => now }));
    const approval = await approvalFor(approvals);
    now = 60_001;
    expect(await inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      reason: 'decided',
      message: 'it is expired already, and an answer counts only before that',
    });
  });

  it('lets those answer whom it was handed on to', async () => {
    let now = 0;
    const { inbox, approvals } = setUp(memoryApprovals({ clock: () => now }));
    const requirements: Requirements = {
      ...FINANCE,
      votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }],
      onExpiry: 'escalate',
      escalateTo: ['mallory'],
    };
    const approval = await approvalFor(approvals, {}, { requirements });
    expect(await inbox.vote(approval.aid, ballot(approval, mallory))).toMatchObject({
      reason: 'not-named',
    });
    now = 60_001;
    expect(await inbox.vote(approval.aid, ballot(approval, mallory))).toMatchObject({
      ok: true,
      approval: { state: 'approved' },
    });
  });

  it('lets the requester confirm, and nobody else', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals, {}, { requirements: CONFIRM });
    expect(await inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      reason: 'not-named',
    });
    expect(await inbox.vote(approval.aid, ballot(approval, alice))).toMatchObject({
      ok: true,
      approval: { state: 'approved' },
    });
  });

  it('counts everybody who votes at the same moment', async () => {
    const approvals = memoryApprovals();
    const by = Array.from({ length: 20 }, (_, n) => `voter${n}`);
    const approval = await approvalFor(
      approvals,
      {},
      {
        requirements: { ...FINANCE, votes: [{ kind: 'approvers', by, quorum: 20 }] },
      },
    );
    const results = await Promise.all(
      by.map((id) =>
        setUp(approvals).inbox.vote(approval.aid, ballot(approval, { id, tenant: 'acme' })),
      ),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    const after = await approvals.get(approval.aid);
    expect(after?.state).toBe('approved');
    expect(new Set(after?.votes.map(({ voter }) => voter))).toEqual(new Set(by));
  });

  it('says so where a vote that was written down came too late to count', async () => {
    const approvals = memoryApprovals();
    const approval = await approvalFor(approvals);
    let first = true;
    const set = setUp({
      ...approvals,
      async vote(aid, vote, version) {
        if (first) {
          first = false;
          await approvals.cancel(aid);
        }
        return approvals.vote(aid, vote, version);
      },
    });
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      ok: false,
      reason: 'decided',
    });
    expect(await actions(set)).toEqual(['approval.approve by bob', 'approval.not-counted by bob']);
  });

  it('makes what is hostile in a note visible before it is kept', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals);
    const note = '\u{1b}[2Jcleared\u{202e}\nsecond line\ud800';
    await inbox.vote(approval.aid, ballot(approval, bob, 'deny', { note }));
    expect((await approvals.get(approval.aid))?.votes[0]?.note).toBe(
      '\\u{1b}[2Jcleared\\u{202e}\nsecond line\\u{d800}',
    );
  });

  it.each([undefined, null, {}, { id: '' }, { id: 'ann', roles: 'finance' }, { id: 7 }])(
    'takes no answer from %j',
    async (voter) => {
      const { inbox, approvals } = setUp();
      const approval = await approvalFor(approvals);
      expect(
        await codeOf(inbox.vote(approval.aid, ballot(approval, voter as unknown as Voter))),
      ).toBe('options_invalid');
    },
  );

  it('lists page by page, without the arguments themselves', async () => {
    const { inbox, approvals } = setUp();
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await approvalFor(approvals, { password: 'x' })).aid);
    const page = await inbox.list({ state: 'pending', limit: 3 });
    const rest = await inbox.list({ state: 'pending', limit: 3, after: page.at(-1)?.aid ?? '' });
    expect([...page, ...rest].map(({ aid }) => aid)).toEqual(made);
    expect(JSON.stringify(page)).not.toContain('"x"');
    expect(page[0]).not.toHaveProperty('args');
  });
});

describe('hidden values', () => {
  const args = { orderId: 'o1', password: 'hunter2' };

  it('have to be revealed to each voter, which is written down before they are answered', async () => {
    const set = setUp();
    const approval = await approvalFor(set.approvals, args);
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      ok: false,
      reason: 'unrevealed',
      message: 'you have not seen password; reveal the hidden values first',
    });
    expect(await set.inbox.reveal(approval.aid, bob)).toEqual({ ok: true, args });
    expect(await set.inbox.vote(approval.aid, ballot(approval, carol))).toMatchObject({
      reason: 'unrevealed',
    });
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      ok: true,
      approval: { votes: [{ voter: 'bob', revealed: true }] },
    });
    expect(await actions(set)).toEqual(['approval.revealed by bob', 'approval.approve by bob']);
    expect(JSON.stringify(await set.audit.query({}))).not.toContain('hunter2');
  });

  it('stay revealed for another inbox with the same log', async () => {
    const set = setUp();
    const approval = await approvalFor(set.approvals, args);
    await set.inbox.reveal(approval.aid, bob);
    const other = approvalInbox({ approvals: set.approvals, audit: set.audit });
    expect(await other.vote(approval.aid, ballot(approval, bob))).toMatchObject({ ok: true });
  });

  it('are revealed to nobody who has no say', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals, args);
    expect(await inbox.reveal(approval.aid, mallory)).toMatchObject({ reason: 'not-named' });
    expect(await inbox.reveal(approval.aid, stranger)).toMatchObject({ reason: 'other-tenant' });
  });

  it('need not be seen for a denial', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals, args);
    expect(await inbox.vote(approval.aid, ballot(approval, bob, 'deny'))).toMatchObject({
      ok: true,
    });
  });

  it('cannot be revealed where the store keeps no arguments', async () => {
    const { inbox, approvals } = setUp();
    const { args: _, ...bare } = await approvalFor(memoryApprovals(), args);
    await approvals.create(bare, 'key');
    expect(await inbox.reveal(bare.aid, bob)).toMatchObject({ ok: false, reason: 'no-arguments' });
  });
});

describe('an edit', () => {
  const edit = (approval: Approval, voter: Voter, fields: Readonly<Record<string, unknown>>) => ({
    voter,
    fields,
    digest: approval.bindings.digest,
    channel: 'test',
  });

  it('approves with other values, and the votes before it do not count any more', async () => {
    const set = setUp();
    const approval = await approvalFor(set.approvals);
    await set.inbox.vote(approval.aid, ballot(approval, bob));
    const edited = await set.inbox.edit(approval.aid, edit(approval, carol, { amount: 5 }));
    expect(edited).toMatchObject({
      ok: true,
      approval: {
        state: 'pending',
        shown: { orderId: 'o1', amount: 5 },
        votes: [{ voter: 'carol', edited: { amount: 5 } }],
      },
    });
    // What bob saw is not what would run.
    expect(await set.inbox.vote(approval.aid, ballot(approval, bob))).toMatchObject({
      reason: 'changed',
    });
    const now = await set.approvals.get(approval.aid);
    if (now === undefined) throw new Error('it is gone');
    expect(await set.inbox.vote(approval.aid, ballot(now, bob))).toMatchObject({
      ok: true,
      approval: { state: 'approved' },
    });
    expect(await set.inbox.reveal(approval.aid, bob)).toMatchObject({ reason: 'decided' });
    expect(await actions(set)).toEqual([
      'approval.approve by bob',
      'approval.edited by carol',
      'approval.approve by bob',
    ]);
  });

  it('is what a reveal shows from then on', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals);
    await inbox.edit(approval.aid, edit(approval, carol, { amount: 5 }));
    expect(await inbox.reveal(approval.aid, bob)).toEqual({
      ok: true,
      args: { orderId: 'o1', amount: 5 },
    });
  });

  it.each<[string, Voter, Readonly<Record<string, unknown>>]>([
    ['not-editable', bob, { orderId: 'o2' }],
    ['not-editable', bob, { amount: 5, orderId: 'o2' }],
    ['not-editable', bob, {}],
    ['not-editable', bob, { amount: undefined }],
    ['not-editable', bob, { amount: 5, note: undefined }],
    ['not-editable', bob, { amount: 5n }],
    ['not-editable', bob, { amount: () => 5 }],
    ['not-editable', bob, JSON.parse('{"__proto__":{"amount":5}}') as Record<string, unknown>],
    ['too-long', bob, { note: 'x'.repeat(70_000) }],
    ['not-named', mallory, { amount: 5 }],
    ['own-request', alice, { amount: 5 }],
    ['other-tenant', stranger, { amount: 5 }],
  ])('is refused with "%s" (%j)', async (reason, voter, fields) => {
    const set = setUp();
    const approval = await approvalFor(set.approvals);
    const result = await set.inbox.edit(approval.aid, edit(approval, voter, fields));
    expect(result).toMatchObject({ ok: false, reason });
    expect(await actions(set)).toEqual([]);
    expect(await set.approvals.get(approval.aid)).toMatchObject({ version: 1 });
  });

  it.each([null, undefined, 'amount', 7, [5]])(
    'is refused with fields that are %j',
    async (fields) => {
      const set = setUp();
      const approval = await approvalFor(set.approvals);
      const given = { ...edit(approval, bob, {}), fields } as unknown as InboxEdit;
      expect(await set.inbox.edit(approval.aid, given)).toMatchObject({
        ok: false,
        reason: 'not-editable',
      });
      expect(await actions(set)).toEqual([]);
    },
  );

  it('needs other hidden values revealed, but not what was typed', async () => {
    const { inbox, approvals } = setUp();
    const requirements = { ...FINANCE, editable: ['amount', 'password'] };
    const args = { amount: 900, password: 'hunter2' };
    const approval = await approvalFor(approvals, args, { requirements });
    expect(await inbox.edit(approval.aid, edit(approval, bob, { amount: 5 }))).toMatchObject({
      reason: 'unrevealed',
    });
    const edited = await inbox.edit(approval.aid, edit(approval, bob, { password: 'new' }));
    expect(edited).toMatchObject({
      ok: true,
      approval: { shown: { password: '[redacted]' }, hidden: ['password'] },
    });
  });
});

describe('grants', () => {
  const draft = {
    gid: 'gid_1',
    scope: 'always',
    tenant: 'acme',
    principal: 'alice',
    tool: { source: 'app', name: 'refund' },
    rules: ['refund.large'],
    where: { amount: 'sha256:1' },
    shown: { amount: 900 },
    aid: 'aid_1',
    votes: [],
    expiresMs: 60_000,
  } as const;

  it('go with a vote where what asks offers them', async () => {
    const { inbox, approvals } = setUp();
    const approval = await approvalFor(approvals);
    const grant = { scope: 'session', fields: ['amount'], expiresMs: 1000 } as const;
    expect(
      await inbox.vote(approval.aid, ballot(approval, bob, 'approve', { grant })),
    ).toMatchObject({ ok: true, approval: { votes: [{ grant }] } });
    const once = await approvalFor(approvals, {}, { requirements: { ...FINANCE, grants: [] } });
    expect(await inbox.vote(once.aid, ballot(once, bob, 'approve', { grant }))).toMatchObject({
      reason: 'not-grantable',
      message: 'the grant is not offered here (offered: none); approve it without one or ask again',
    });
  });

  it.each<readonly [string, unknown]>([
    ['null', null],
    ['a text', 'always'],
    ['no fields', { scope: 'always', expiresMs: 1000 }],
    ['fields that are a text', { scope: 'always', fields: 'amount', expiresMs: 1000 }],
    ['fields that are no texts', { scope: 'always', fields: [0], expiresMs: 1000 }],
    ['a scope that is none', { scope: 'forever', fields: ['amount'], expiresMs: 1000 }],
    ['a time that nobody remembers', { scope: 'always', fields: ['amount'], expiresMs: 1e15 }],
    [
      'something unknown beside it',
      { scope: 'always', fields: ['amount'], expiresMs: 1000, forever: true },
    ],
  ])('are refused where they are %s, and nothing is written down', async (_what, grant) => {
    const set = setUp();
    const approval = await approvalFor(set.approvals);
    const given = { ...ballot(approval, bob), grant } as InboxVote;
    expect(await set.inbox.vote(approval.aid, given)).toMatchObject({
      ok: false,
      reason: 'not-grantable',
    });
    expect(await actions(set)).toEqual([]);
    expect(await set.approvals.get(approval.aid)).toMatchObject({ state: 'pending', votes: [] });
  });

  it.each<readonly [string, unknown, keyof ApprovalBindings | undefined, GrantOffer]>([
    [
      'for arguments without fields',
      'a text',
      undefined,
      { scope: 'always', fields: [], expiresMs: 1 },
    ],
    [
      "on nobody's behalf",
      { amount: 900 },
      'principal',
      { scope: 'always', fields: ['amount'], expiresMs: 1 },
    ],
    [
      'for a session where there is none',
      { amount: 900 },
      'session',
      { scope: 'session', fields: ['amount'], expiresMs: 1 },
    ],
  ])('are refused %s, as the guard would drop them', async (_what, args, absent, grant) => {
    const set = setUp();
    const whole = Object.entries((await approvalFor(memoryApprovals(), args)).bindings);
    const bindings = Object.fromEntries(whole.filter(([name]) => name !== absent)) as unknown;
    const approval = await approvalFor(set.approvals, args, {
      bindings: bindings as ApprovalBindings, // all that is not optional
    });
    expect(
      await set.inbox.vote(approval.aid, ballot(approval, bob, 'approve', { grant })),
    ).toMatchObject({ ok: false, reason: 'not-grantable' });
    expect(await actions(set)).toEqual([]);
  });

  it('are listed, and ended by anybody of their tenant', async () => {
    const set = setUp();
    await set.approvals.grants?.add(draft);
    expect(await set.inbox.grants({ tenant: 'acme' })).toMatchObject([{ gid: 'gid_1' }]);
    expect(await set.inbox.revoke('gid_1', stranger)).toMatchObject({ reason: 'other-tenant' });
    expect(await set.inbox.revoke('gid_1', mallory)).toMatchObject({
      ok: true,
      grant: { gid: 'gid_1' },
    });
    expect(await set.inbox.revoke('gid_1', mallory)).toMatchObject({ ok: true });
    expect(await set.inbox.grants()).toEqual([]);
    expect(await actions(set)).toEqual(['grant.revoked by mallory']);
  });
});
