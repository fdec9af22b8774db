import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { thrownBy } from '../../test/harness.ts';
import { digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import type { Approval, ApprovalBindings, ApprovalDraft, ApprovalState, Vote } from './approval.ts';
import { memoryApprovals } from './memory.ts';
import { CONFIRM } from './requirements.ts';

const bindings: ApprovalBindings = {
  tenant: 'acme',
  principal: 'alice',
  session: 's1',
  tool: { source: 'app', name: 'pay' },
  digest: digest('args', { cents: 1 }),
};

function draft(aid: string, more: Partial<ApprovalDraft> = {}): ApprovalDraft {
  return {
    aid,
    rid: 'rid_1',
    call: 'call_1',
    bindings,
    args: { cents: 1 },
    shown: { cents: 1 },
    hidden: [],
    requirements: CONFIRM,
    reason: 'because',
    policy: digest('policy', 1),
    labels: [],
    expiresMs: 1000,
    ...more,
  };
}

const vote = (verdict: Vote['verdict'], voter = 'alice'): Vote => ({
  verdict,
  voter,
  channel: 'test',
  digest: bindings.digest,
});

function store(start = 0) {
  let now = start;
  const approvals = memoryApprovals({ clock: () => now });
  return {
    approvals,
    pass: (ms: number) => {
      now += ms;
    },
    create: (aid: string, key = aid, more: Partial<ApprovalDraft> = {}) =>
      approvals.create(draft(aid, more), key) as Approval,
    state: (aid: string) => (approvals.get(aid) as Approval | undefined)?.state,
  };
}

describe('an approval in memory', () => {
  it('goes from pending through approved to consumed, with a new version each time', async () => {
    const { approvals, create } = store(5);
    const pending = create('a');
    expect(pending).toMatchObject({
      state: 'pending',
      votes: [],
      version: 1,
      createdAt: 5,
      expiresAt: 1005,
    });
    const voted = await approvals.vote('a', vote('approve'), 1);
    expect(voted).toMatchObject({
      ok: true,
      approval: { state: 'approved', version: 2, votes: [{ voter: 'alice' }] },
    });
    expect(await approvals.consume('a', 'claim-1', bindings)).toMatchObject({
      ok: true,
      approval: { state: 'consumed', version: 3 },
    });
    expect(Object.isFrozen(pending)).toBe(true);
    expect(pending.state).toBe('pending');
  });

  it('is consumed once: the same claim finds its own consume again, any other is a replay', async () => {
    const { approvals, create } = store();
    create('a');
    await approvals.vote('a', vote('approve'), 1);
    await approvals.consume('a', 'claim-1', bindings);
    expect(await approvals.consume('a', 'claim-1', bindings)).toMatchObject({ ok: true });
    expect(await approvals.consume('a', 'claim-2', bindings)).toEqual({
      ok: false,
      reason: 'consumed',
    });
  });

  it.each<readonly [string, Partial<ApprovalBindings>]>([
    ['tenant', { tenant: 'evil' }],
    ['principal', { principal: 'eve' }],
    ['session', { session: 's2' }],
    ['agent', { agent: 'bot' }],
    ['tool', { tool: { source: 'mcp', name: 'pay' } }],
    ['tool digest', { tool: { source: 'app', name: 'pay', digest: digest('tool', 1) } }],
    ['arguments', { digest: digest('args', { cents: 2 }) }],
  ])('is not consumed for another %s', async (_, more) => {
    const { approvals, create, state } = store();
    create('a');
    await approvals.vote('a', vote('approve'), 1);
    expect(await approvals.consume('a', 'claim-1', { ...bindings, ...more })).toEqual({
      ok: false,
      reason: 'mismatch',
    });
    expect(state('a')).toBe('approved');
  });

  it('is not consumed without the votes it needs, nor without existing', async () => {
    const { approvals, create } = store();
    create('a');
    expect(await approvals.consume('a', 'claim-1', bindings)).toEqual({
      ok: false,
      reason: 'pending',
    });
    expect(await approvals.consume('b', 'claim-1', bindings)).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });

  it('takes a vote only on the version that the voter saw, and for the arguments they saw', async () => {
    const { approvals, create, state } = store();
    create('a', 'a', {
      requirements: { ...CONFIRM, votes: [{ kind: 'approvers', by: ['ann', 'ben'], quorum: 2 }] },
    });
    expect(await approvals.vote('a', vote('approve', 'ann'), 7)).toEqual({
      ok: false,
      reason: 'conflict',
    });
    const other = { ...vote('approve', 'ann'), digest: digest('args', 2) };
    expect(await approvals.vote('a', other, 1)).toEqual({ ok: false, reason: 'mismatch' });
    expect(await approvals.vote('a', vote('approve', 'ann'), 1)).toMatchObject({
      ok: true,
      approval: { state: 'pending' },
    });
    expect(await approvals.vote('a', vote('approve', 'ben'), 1)).toEqual({
      ok: false,
      reason: 'conflict',
    });
    expect(await approvals.vote('a', vote('approve', 'ben'), 2)).toMatchObject({ ok: true });
    expect(state('a')).toBe('approved');
  });

  it('is denied by one denial, and by a verdict that nobody knows', async () => {
    const { approvals, create, state } = store();
    create('a');
    await approvals.vote('a', vote('deny'), 1);
    create('b');
    await approvals.vote('b', vote('perhaps' as never), 1);
    expect([state('a'), state('b')]).toEqual(['denied', 'denied']);
    expect(await approvals.vote('a', vote('approve'), 2)).toEqual({ ok: false, reason: 'denied' });
    expect(await approvals.consume('a', 'claim', bindings)).toEqual({
      ok: false,
      reason: 'denied',
    });
  });

  it('expires, approved or not, at its time and not before', async () => {
    const { approvals, create, pass, state } = store();
    create('pending');
    create('approved');
    await approvals.vote('approved', vote('approve'), 1);
    pass(999);
    expect([state('pending'), state('approved')]).toEqual(['pending', 'approved']);
    pass(1);
    expect(await approvals.vote('pending', vote('approve'), 1)).toEqual({
      ok: false,
      reason: 'expired',
    });
    expect(await approvals.consume('approved', 'claim', bindings)).toEqual({
      ok: false,
      reason: 'expired',
    });
    expect(await approvals.cancel('pending')).toEqual({ ok: false, reason: 'expired' });
  });

  it('can be called off while it is open, and only then', async () => {
    const { approvals, create, state } = store();
    create('a');
    expect(await approvals.cancel('a')).toMatchObject({ ok: true });
    expect(state('a')).toBe('cancelled');
    expect(await approvals.cancel('a')).toEqual({ ok: false, reason: 'cancelled' });
    expect(await approvals.cancel('b')).toEqual({ ok: false, reason: 'unknown' });
    expect(await approvals.vote('a', vote('approve'), 2)).toEqual({
      ok: false,
      reason: 'cancelled',
    });
  });
});

describe('a key', () => {
  it('finds what was created under it, and creates nothing twice', () => {
    const { approvals, create } = store();
    const first = create('a', 'key');
    expect(create('b', 'key')).toBe(first);
    expect(approvals.find('key')).toBe(first);
    expect(approvals.get('b')).toBeUndefined();
    expect(approvals.find('other')).toBeUndefined();
  });

  it.each<readonly [ApprovalState, boolean]>([
    ['approved', false],
    ['denied', false],
    ['consumed', false],
    ['cancelled', true],
    ['expired', true],
  ])('whose approval is %s may be asked again: %s', async (state, again) => {
    const { approvals, create, pass } = store();
    create('a', 'key');
    if (state === 'approved' || state === 'consumed') await approvals.vote('a', vote('approve'), 1);
    if (state === 'consumed') await approvals.consume('a', 'claim', bindings);
    if (state === 'denied') await approvals.vote('a', vote('deny'), 1);
    if (state === 'cancelled') await approvals.cancel('a');
    if (state === 'expired') pass(1000);
    expect(create('b', 'key').aid).toBe(again ? 'b' : 'a');
  });
});

describe('the store', () => {
  it('bounds how many are open, and makes room when they expire', async () => {
    let now = 0;
    const approvals = memoryApprovals({ maxPending: 2, clock: () => now });
    const create = (aid: string): unknown => approvals.create(draft(aid), aid);
    create('a');
    create('b');
    const error = await thrownBy(() => create('c'));
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({ code: 'approval_limit' });
    await approvals.cancel('a');
    create('d');
    now = 1000;
    create('e');
    create('f');
  });

  it('lists in order of creation, by tenant, state and session, page by page', async () => {
    const { approvals, create } = store();
    for (const aid of ['a', 'b', 'c', 'd']) create(aid);
    create('e', 'e', { bindings: { ...bindings, tenant: 'other', session: 's2' } });
    await approvals.vote('b', vote('deny'), 1);
    const list = async (filter: Parameters<typeof approvals.list>[0]): Promise<string[]> =>
      (await approvals.list(filter)).map(({ aid }) => aid);
    expect(await list({})).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await list({ tenant: 'acme', state: 'pending' })).toEqual(['a', 'c', 'd']);
    expect(await list({ session: 's2' })).toEqual(['e']);
    expect(await list({ limit: 2 })).toEqual(['a', 'b']);
    expect(await list({ after: 'b', limit: 2 })).toEqual(['c', 'd']);
    expect(await list({ after: 'e' })).toEqual([]);
  });

  it('tells subscribers what changed, whatever they do, until they leave', async () => {
    const { approvals, create, state } = store();
    const heard: Array<string | undefined> = [];
    approvals.subscribe?.(() => {
      throw new Error('broken');
    });
    const leave = approvals.subscribe?.((aid) => heard.push(aid));
    create('a');
    expect(await approvals.vote('a', vote('approve'), 1)).toMatchObject({ ok: true });
    leave?.();
    expect(await approvals.consume('a', 'claim', bindings)).toMatchObject({ ok: true });
    expect(state('a')).toBe('consumed');
    expect(heard).toEqual(['a', 'a']);
  });

  it('forgets the oldest of very many settled ones, and never makes them usable again', async () => {
    const { approvals, create } = store();
    create('first', 'first');
    await approvals.vote('first', vote('approve'), 1);
    await approvals.consume('first', 'claim', bindings);
    for (let i = 0; i < 10_001; i += 1) {
      create(`a${i}`);
      await approvals.cancel(`a${i}`);
    }
    expect(approvals.get('first')).toBeUndefined();
    expect(await approvals.consume('first', 'claim', bindings)).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });

  it('keeps its word whatever is done to it in whatever order', async () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant('create' as const), aid: fc.integer({ min: 0, max: 3 }) }),
      fc.record({
        act: fc.constantFrom('approve' as const, 'deny' as const, 'cancel' as const),
        aid: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({
        act: fc.constant('consume' as const),
        aid: fc.integer({ min: 0, max: 3 }),
        claim: fc.integer({ min: 0, max: 2 }),
      }),
      fc.record({ act: fc.constant('pass' as const), aid: fc.integer({ min: 100, max: 600 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { approvals, create, pass, state } = store();
        const claimed = new Map<string, number>();
        const approved = new Set<string>();
        for (const one of steps) {
          const aid = String(one.aid);
          const version = (await approvals.get(aid))?.version ?? 0;
          if (one.act === 'create') create(aid);
          if (one.act === 'pass') pass(one.aid);
          if (one.act === 'cancel') await approvals.cancel(aid);
          if (one.act === 'approve' || one.act === 'deny') {
            const result = await approvals.vote(aid, vote(one.act), version);
            if (result.ok && one.act === 'approve') approved.add(aid);
          }
          if (one.act === 'consume') {
            const result = await approvals.consume(aid, String(one.claim), bindings);
            if (!result.ok) continue;
            // Only what was approved, and only under the claim that came first.
            expect(approved.has(aid)).toBe(true);
            expect(claimed.get(aid) ?? one.claim).toBe(one.claim);
            expect(state(aid)).toBe('consumed');
            claimed.set(aid, one.claim);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
