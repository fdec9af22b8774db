import { createGuard, memoryApprovals, memoryAudit } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { approvalInbox } from './approval-inbox.ts';
import type { Voter } from './voter.ts';

const bob: Voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };
const carol: Voter = { ...bob, id: 'carol' };

function setUp() {
  const approvals = memoryApprovals();
  const guard = createGuard({
    policy: () => ({
      effect: 'ask',
      rule: 'refund.large',
      reason: 'two of finance have to look',
      requirements: {
        votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 2 }],
        editable: ['amount'],
        grants: ['session'],
      },
    }),
    context: { principal: { id: 'alice', tenant: 'acme' }, session: 's1' },
    approvals,
    asks: 'wait',
    audit: memoryAudit(),
  });
  const inbox = approvalInbox({ approvals, audit: memoryAudit() });
  const ran: unknown[] = [];
  const call = async (args: object): Promise<unknown> =>
    guard.call({ tool: 'refund', args }, (given) => {
      ran.push(given);
      return 'ran';
    });
  const asked = async (): Promise<{ aid: string; digest: string }> => {
    for (;;) {
      const [first] = await inbox.list({ state: 'pending' });
      if (first !== undefined) return { aid: first.aid, digest: first.bindings.digest };
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  return { guard, inbox, ran, call, asked };
}

describe('an inbox beside a guard that waits', () => {
  it('lets a call run once everybody has answered, with what they made of it', async () => {
    const { guard, inbox, ran, call, asked } = setUp();
    const running = call({ amount: 900 });
    const { aid, digest } = await asked();
    const edit = { voter: bob, fields: { amount: 5 }, digest, channel: 'web' };
    expect(await inbox.edit(aid, edit)).toMatchObject({ ok: true });
    const { digest: now } = await asked();
    const vote = { voter: carol, verdict: 'approve', digest: now, channel: 'web' } as const;
    expect(await inbox.vote(aid, vote)).toMatchObject({ ok: true });
    expect(await running).toBe('ran');
    expect(ran).toEqual([{ amount: 5 }]);
    await guard.close();
  });

  it('ends a call that somebody denies, and hands over the note', async () => {
    const { guard, inbox, ran, call, asked } = setUp();
    const running = call({ amount: 900 }).catch(String);
    const { aid, digest } = await asked();
    const note = 'wrong\u{1b}[2J account';
    await inbox.vote(aid, { voter: bob, verdict: 'deny', digest, channel: 'web', note });
    expect(await running).toMatch(/denied.*they say: wrong/);
    expect(await running).not.toContain('\u{1b}');
    expect(ran).toEqual([]);
    await guard.close();
  });

  it('lets the requester withdraw, and approve nothing of their own', async () => {
    const { guard, inbox, ran, call, asked } = setUp();
    const running = call({ amount: 900 }).catch(String);
    const { aid, digest } = await asked();
    const alice = { voter: { ...bob, id: 'alice' }, digest, channel: 'web' } as const;
    expect(await inbox.vote(aid, { ...alice, verdict: 'approve' })).toMatchObject({
      reason: 'own-request',
    });
    await inbox.vote(aid, { ...alice, verdict: 'deny' });
    expect(await running).toContain('denied');
    expect(ran).toEqual([]);
    await guard.close();
  });

  it('keeps what is granted with an approval, until it is revoked', async () => {
    const { guard, inbox, ran, call, asked } = setUp();
    const running = call({ amount: 900 });
    const { aid, digest } = await asked();
    const grant = { scope: 'session', fields: ['amount'], expiresMs: 60_000 } as const;
    const vote = { verdict: 'approve', digest, channel: 'web', grant } as const;
    await inbox.vote(aid, { ...vote, voter: bob });
    await inbox.vote(aid, { ...vote, voter: carol });
    await running;
    await call({ amount: 900 });
    expect(ran).toHaveLength(2);
    const given = await inbox.grants({ tenant: 'acme' });
    expect(given).toMatchObject([{ tool: { name: 'refund' }, shown: { amount: 900 } }]);
    for (const { gid } of given) await inbox.revoke(gid, bob);
    const again = call({ amount: 900 }).catch(String);
    const next = await asked();
    await inbox.vote(next.aid, {
      voter: bob,
      verdict: 'deny',
      digest: next.digest,
      channel: 'web',
    });
    expect(await again).toContain('denied');
    await guard.close();
  });
});
