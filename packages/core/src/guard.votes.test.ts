import { describe, expect, it } from 'vitest';

import { entriesOf, expectRefusal } from '../test/harness.ts';
import type { Approval, ApprovalStore, Vote } from './approvals/approval.ts';
import type { ApproverAnswer } from './approvals/approver.ts';
import { editOf } from './approvals/edit.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard } from './guard.ts';
import { createRedactor } from './redact.ts';

const by = ['bob', 'carol'];

/** A guard that asks bob, with somebody who is a moment quicker than the first answer. */
function asking(
  answers: readonly ApproverAnswer[],
  meanwhile: (store: ApprovalStore, approval: Approval) => unknown,
  more: Partial<ApprovalStore> = {},
) {
  const store = memoryApprovals();
  let isFirst = true;
  async function interfere(aid: string): Promise<void> {
    const approval = isFirst ? await store.get(aid) : undefined;
    isFirst = false;
    if (approval !== undefined) await meanwhile(store, approval);
  }
  const given = [...answers];
  const guard = createGuard({
    policy: () => ({
      effect: 'ask',
      requirements: { votes: [{ kind: 'approvers', by, quorum: 1 }], editable: ['cents'] },
    }),
    approvals: {
      ...store,
      async vote(aid, vote, version) {
        await interfere(aid);
        return store.vote(aid, vote, version);
      },
      async edit(aid, edit, version) {
        await interfere(aid);
        return store.edit(aid, edit, version);
      },
      ...more,
    },
    approver: { name: 'prompt', voter: { id: 'bob' }, ask: () => given.shift() ?? 'deny' },
    context: { principal: { id: 'alice', tenant: 'acme' } },
  });
  const runs: unknown[] = [];
  const call = async () =>
    guard.call({ tool: 'pay', args: { cents: 1 } }, (args) => runs.push(args));
  const votes = async () =>
    (await entriesOf(guard)).flatMap(({ action, actor, reason, aid, tenant }) => {
      if (!/^approval\.(approve|deny|edited|not-counted)$/.test(action)) return [];
      expect(aid).toMatch(/^aid_/);
      expect(tenant).toBe('acme');
      return [`${action} by ${actor}${reason === undefined ? '' : `: ${reason}`}`];
    });
  return { call, votes, runs };
}

const ofCarol = ({ bindings: { digest } }: Approval, verdict: Vote['verdict']): Vote => ({
  verdict,
  voter: 'carol',
  channel: 'web',
  digest,
});
const approves = (store: ApprovalStore, approval: Approval) =>
  store.vote(approval.aid, ofCarol(approval, 'approve'), approval.version);
const denies = (store: ApprovalStore, approval: Approval) =>
  store.vote(approval.aid, ofCarol(approval, 'deny'), approval.version);
const edits = (store: ApprovalStore, approval: Approval) => {
  const { digest: _, verdict: _verdict, ...ballot } = ofCarol(approval, 'approve');
  const stranger = { ...ballot, voter: 'dave' };
  const edit = editOf(approval, { cents: 2 }, stranger, createRedactor());
  return store.edit(approval.aid, edit, approval.version);
};

describe('a vote that was written down', () => {
  it('and counts is followed by nothing else', async () => {
    const { call, votes } = asking(['approve'], () => undefined);
    await call();
    expect(await votes()).toEqual(['approval.approve by bob']);
  });

  it.each([
    ['denied', denies],
    ['called off', (store: ApprovalStore, { aid }: Approval) => store.cancel(aid)],
  ])('and came when it was %s already is said not to count', async (_what, meanwhile) => {
    const { call, votes, runs } = asking(['approve'], meanwhile);
    await expectRefusal(call, 'approval_denied');
    expect(await votes()).toEqual([
      'approval.approve by bob',
      'approval.not-counted by bob: decided',
    ]);
    expect(runs).toEqual([]);
  });

  it('and came when others had approved already is said not to count', async () => {
    const { call, votes, runs } = asking(['approve'], approves);
    await call();
    expect(await votes()).toEqual([
      'approval.approve by bob',
      'approval.not-counted by bob: decided',
    ]);
    expect(runs).toEqual([{ cents: 1 }]);
  });

  it('and denies what others had approved counts: nothing has run', async () => {
    const { call, votes, runs } = asking(['deny'], approves);
    await expectRefusal(call, 'approval_denied');
    expect(await votes()).toEqual(['approval.deny by bob']);
    expect(runs).toEqual([]);
  });

  it('and was for other arguments than it has by now is said not to count', async () => {
    const { call, votes, runs } = asking(['approve', 'approve'], edits);
    await call();
    expect(await votes()).toEqual([
      'approval.approve by bob',
      'approval.not-counted by bob: changed',
      'approval.approve by bob',
    ]);
    expect(runs).toEqual([{ cents: 2 }]);
  });

  it('and edits what somebody edited before is said not to count', async () => {
    const { call, votes, runs } = asking(
      [{ verdict: 'approve', edited: { cents: 3 } }, 'approve'],
      edits,
    );
    await call();
    expect(await votes()).toEqual([
      'approval.edited by bob',
      'approval.not-counted by bob: changed',
      'approval.approve by bob',
    ]);
    expect(runs).toEqual([{ cents: 2 }]);
  });

  it.each([
    ['knows it no more', 'unknown', 'unknown', 'approval_unknown'],
    ['says it is for other arguments', 'mismatch', 'changed', 'approval_invalid'],
    ['never has it as it was read', 'conflict', 'conflict', 'approval_store_error'],
  ] as const)('and whose store %s is said not to count', async (_what, answer, reason, code) => {
    const { call, votes, runs } = asking(['approve'], () => undefined, {
      vote: () => ({ ok: false, reason: answer }),
    });
    await expectRefusal(call, code);
    expect(await votes()).toEqual([
      'approval.approve by bob',
      `approval.not-counted by bob: ${reason}`,
    ]);
    expect(runs).toEqual([]);
  });
});
