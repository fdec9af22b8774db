import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { entriesOf, expectRefusal, expectVerified, storyOf, turn, until } from '../test/harness.ts';
import type { Approval, ApprovalStore, Vote } from './approvals/approval.ts';
import { editOf } from './approvals/edit.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { CallContext } from './call.ts';
import { createGuard, type Guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { PolicyAnswer, PolicyFunction } from './policy/policy.ts';
import { createRedactor } from './redact.ts';

const alice: CallContext = { principal: { id: 'alice', tenant: 'acme' }, session: 's1' };
const schema = z.object({ cents: z.coerce.number() });

const needing = (more: object = {}): PolicyAnswer => ({
  effect: 'ask',
  reason: 'it costs money',
  requirements: {
    votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }],
    editable: ['cents'],
    ...more,
  },
});

/** One process: a guard over a store that others share. */
function server(approvals: ApprovalStore, options: Partial<GuardOptions> = {}) {
  const guard = createGuard({
    policy: () => needing(),
    approvals,
    asks: 'suspend',
    context: alice,
    ...options,
  });
  const runs: unknown[] = [];
  const body = (args: unknown): string => {
    runs.push(args);
    return 'refunded';
  };
  const refund = async (args: unknown = { cents: '500' }, to: Guard = guard) =>
    to.call({ tool: 'refund', schema, args }, body);
  const resume = async (aid: string, to: Guard = guard) => to.resume(aid, body, { schema });
  return { guard, runs, refund, resume };
}

async function suspended(run: () => Promise<unknown>): Promise<string> {
  const { aid } = await expectRefusal(run, 'approval_required');
  if (aid === undefined) throw new Error('it names no approval');
  return aid;
}

async function pendingIn(store: ApprovalStore, aid: string): Promise<Approval> {
  const approval = await store.get(aid);
  if (approval === undefined) throw new Error('there is none');
  return approval;
}

async function vote(store: ApprovalStore, aid: string, more: Partial<Vote> = {}): Promise<void> {
  const { version, bindings } = await pendingIn(store, aid);
  const given: Vote = { verdict: 'approve', voter: 'bob', channel: 'cli', digest: bindings.digest };
  await store.vote(aid, { ...given, ...more }, version);
}

describe('an ask that stays open', () => {
  it('runs in another process once it is approved, with the arguments that were approved', async () => {
    const store = memoryApprovals();
    const a = server(store);
    const aid = await suspended(() => a.refund());
    await vote(store, aid);
    const b = server(store);
    expect(await b.resume(aid)).toBe('refunded');
    expect([a.runs, b.runs]).toEqual([[], [{ cents: 500 }]]);
    await expectRefusal(() => b.resume(aid), 'approval_consumed');
    await expectRefusal(() => a.resume(aid), 'approval_consumed');
    expect(await storyOf(a.guard)).toEqual(['tool.ask', 'tool.deny approval_consumed']);
    expect(await storyOf(b.guard)).toEqual([
      'tool.allow',
      'tool.outcome ok',
      'tool.deny approval_consumed',
    ]);
    const [asked] = await entriesOf(a.guard);
    const [allowed] = await entriesOf(b.guard);
    expect(allowed).toMatchObject({ rid: asked?.rid, aid, digest: asked?.digest });
    await expectVerified(b.guard);
  });

  it('is no denial, neither when it is left open nor when somebody comes too early', async () => {
    const store = memoryApprovals();
    const { guard, refund, resume } = server(store);
    const aid = await suspended(() => refund());
    expect(await suspended(() => resume(aid))).toBe(aid);
    expect(await storyOf(guard)).toEqual(['tool.ask']);
    await vote(store, aid);
    expect(await resume(aid)).toBe('refunded');
  });

  it('is one however often the agent makes the same call, and runs with the call that comes after the vote', async () => {
    const store = memoryApprovals();
    const { refund, runs } = server(store);
    const aid = await suspended(() => refund());
    expect(await suspended(() => refund())).toBe(aid);
    expect(await suspended(() => refund({ cents: '501' }))).not.toBe(aid);
    await vote(store, aid);
    expect(await refund()).toBe('refunded');
    expect(runs).toEqual([{ cents: 500 }]);
    expect(await suspended(() => refund())).not.toBe(aid);
  });

  it('that was denied denies the same call for as long as it would have been open', async () => {
    const store = memoryApprovals();
    const { refund } = server(store);
    const aid = await suspended(() => refund());
    await vote(store, aid, { verdict: 'deny', note: 'too much' });
    const { message } = await expectRefusal(() => refund(), 'approval_denied');
    expect(message).toContain('too much');
  });

  it.each<readonly [string, CallContext]>([
    ['another person', { principal: { id: 'mallory', tenant: 'acme' } }],
    ['another tenant', { principal: { id: 'alice', tenant: 'evil' } }],
    ['another session', { session: 's2' }],
    ['another agent', { agent: 'other' }],
  ])('is not resumed by %s', async (_who, context) => {
    const store = memoryApprovals();
    const { guard, refund, resume, runs } = server(store);
    const aid = await suspended(() => refund());
    await vote(store, aid);
    await expectRefusal(() => resume(aid, guard.with(context)), 'approval_unknown');
    expect(runs).toEqual([]);
    expect((await pendingIn(store, aid)).state).toBe('approved');
  });

  it('is not resumed as another tool, nor under an id that nobody gave', async () => {
    const store = memoryApprovals();
    const { guard, refund, runs } = server(store);
    const aid = await suspended(() => refund());
    await vote(store, aid);
    const other = guard.tool({ name: 'wipe' });
    await expectRefusal(
      async () => other.run({ args: {}, answer: 'voted', approval: aid }, () => runs.push(1)),
      'approval_unknown',
    );
    for (const odd of ['aid_nobody', '', '__proto__', aid.toUpperCase()]) {
      await expectRefusal(() => guard.resume(odd, () => runs.push(1)), 'approval_unknown');
    }
    expect(runs).toEqual([]);
  });

  it('is decided on again: what is denied by now does not run, and what needs more is asked again', async () => {
    const store = memoryApprovals();
    const first = await suspended(() => server(store).refund());
    await vote(store, first);
    const strict = server(store, { policy: () => 'deny' });
    await expectRefusal(() => strict.resume(first), 'denied');
    const more: PolicyFunction = () =>
      needing({ votes: [{ kind: 'approvers', by: ['carol'], quorum: 1 }] });
    const second = await suspended(() => server(store).refund({ cents: 7 }));
    await vote(store, second);
    const wiser = server(store, { policy: more });
    expect(await suspended(() => wiser.resume(second))).not.toBe(second);
    expect([...strict.runs, ...wiser.runs]).toEqual([]);
  });

  it('does not run what was approved without looking at what is hidden', async () => {
    const store = memoryApprovals();
    const { guard } = server(store);
    const secret = { cents: 5, apiKey: 'sk-live-1234567890abcdef1234567890' };
    const pay = async (): Promise<unknown> =>
      guard.call({ tool: 'pay', args: secret }, () => 'paid');
    const blind = await suspended(pay);
    expect((await pendingIn(store, blind)).hidden).toEqual(['apiKey']);
    await vote(store, blind);
    await expectRefusal(() => guard.resume(blind, () => 'paid'), 'approval_unrevealed');
    expect(await suspended(pay)).not.toBe(blind);
    const other = memoryApprovals();
    const careful = server(other);
    const seen = await suspended(async () =>
      careful.guard.call({ tool: 'pay', args: secret }, () => 'paid'),
    );
    await vote(other, seen, { revealed: true });
    expect(await careful.guard.resume(seen, () => 'paid')).toBe('paid');
  });

  it('runs what a person changed meanwhile', async () => {
    const store = memoryApprovals();
    const { refund, resume, runs } = server(store);
    const aid = await suspended(() => refund());
    const approval = await pendingIn(store, aid);
    const edit = editOf(
      approval,
      { cents: 200 },
      { voter: 'bob', channel: 'cli' },
      createRedactor(),
    );
    await store.edit(aid, edit, approval.version);
    expect(await resume(aid)).toBe('refunded');
    expect(runs).toEqual([{ cents: 200 }]);
  });

  it('needs the arguments again where the store keeps none, and only those', async () => {
    const memory = memoryApprovals();
    const store: ApprovalStore = {
      ...memory,
      create: (draft, key) => {
        const { args, ...rest } = draft;
        void args;
        return memory.create(rest, key);
      },
    };
    const { guard, refund, runs } = server(store);
    const aid = await suspended(() => refund());
    await vote(store, aid);
    const body = (args: unknown): number => runs.push(args);
    for (const args of [undefined, { cents: 501 }, { cents: 500, extra: 1 }]) {
      await expectRefusal(() => guard.resume(aid, body, { schema, args }), 'approval_invalid');
    }
    await guard.resume(aid, body, { schema, args: { cents: 500 } });
    expect(runs).toEqual([{ cents: 500 }]);
  });

  it('is not resumed under another schema, which would run something else', async () => {
    const store = memoryApprovals();
    const { guard, refund, resume, runs } = server(store);
    const aid = await suspended(() => refund());
    await vote(store, aid);
    const other = z.object({ cents: z.coerce.number().transform((cents) => cents * 100) });
    const body = (args: unknown): number => runs.push(args);
    await expectRefusal(() => guard.resume(aid, body, { schema: other }), 'approval_invalid');
    await expectRefusal(() => guard.resume(aid, body), 'approval_invalid');
    expect(await resume(aid)).toBe('refunded');
    expect(runs).toEqual([{ cents: 500 }]);
  });

  it('finds the tool that was wrapped under its name', async () => {
    const store = memoryApprovals();
    const { guard } = server(store);
    const runs: unknown[] = [];
    const wrapped = guard.wrap('notify', async (args: { who: string }) => runs.push(args), {
      facts: 'readOnly',
    });
    const aid = await suspended(() => wrapped({ who: 'x' }));
    await vote(store, aid);
    await guard.resume(aid, (args) => runs.push(args));
    expect(runs).toHaveLength(1);
  });
});

describe('cosmetic fields', () => {
  const cosmetic = { tools: { refund: { cosmetic: ['remark'] } } };

  function refunds(store: ApprovalStore) {
    const guard = createGuard({
      policy: () => needing(),
      approvals: store,
      asks: 'suspend',
      context: alice,
      ...cosmetic,
    });
    const runs: unknown[] = [];
    const refund = async (args: unknown) =>
      guard.call({ tool: 'refund', args }, (given) => runs.push(given));
    return { guard, runs, refund };
  }

  it('are not what consent is bound to, and run as they were shown', async () => {
    const store = memoryApprovals();
    const { guard, refund, runs } = refunds(store);
    const aid = await suspended(() => refund({ cents: 5, remark: 'for the trip' }));
    expect(await suspended(() => refund({ cents: 5, remark: 'again, for the trip' }))).toBe(aid);
    expect(await suspended(() => refund({ cents: 6, remark: 'for the trip' }))).not.toBe(aid);
    await vote(store, aid);
    await refund({ cents: 5, remark: 'ATTACK' });
    expect(runs).toEqual([{ cents: 5, remark: 'for the trip' }]);
    const other = await suspended(() => refund({ cents: 7, remark: 'x' }));
    await vote(store, other);
    await guard.resume(other, (given) => runs.push(given));
    expect(runs.at(-1)).toEqual({ cents: 7, remark: 'x' });
  });

  it('need a store that keeps them', async () => {
    const memory = memoryApprovals();
    const forgetful: ApprovalStore = {
      ...memory,
      create: ({ args, ...rest }, key) => {
        void args;
        return memory.create(rest, key);
      },
    };
    const { refund, runs } = refunds(forgetful);
    const aid = await suspended(() => refund({ cents: 5, remark: 'x' }));
    await vote(forgetful, aid);
    await expectRefusal(() => refund({ cents: 5, remark: 'y' }), 'approval_store_error');
    expect(runs).toEqual([]);
  });

  it('are a list of names', () => {
    const guard = createGuard({ policy: () => 'allow' });
    expect(() => guard.tool({ name: 'x', cosmetic: 'remark' as never })).toThrow(/list of names/);
  });
});

describe('a call that waits for votes of others', () => {
  it('goes on as soon as the store has them', async () => {
    const store = memoryApprovals();
    const { refund, runs, guard } = server(store, { asks: 'wait' });
    const running = refund();
    await until(() => (store.list({}) as readonly Approval[]).length === 1);
    const [open] = await store.list({});
    await vote(store, open?.aid ?? '');
    expect(await running).toBe('refunded');
    expect(runs).toEqual([{ cents: 500 }]);
    expect(await storyOf(guard)).toEqual(['tool.ask', 'tool.allow', 'tool.outcome ok']);
  });

  it('is refused by a denial, by its time limit, and by an abort', async () => {
    const store = memoryApprovals();
    const denied = server(store, { asks: 'wait' });
    const running = denied.refund();
    await until(() => (store.list({}) as readonly Approval[]).length === 1);
    const [open] = await store.list({});
    await vote(store, open?.aid ?? '', { verdict: 'deny' });
    await expectRefusal(() => running, 'approval_denied');

    const late = server(memoryApprovals(), { asks: 'wait', approvalTimeoutMs: 20 });
    await expectRefusal(() => late.refund(), 'approval_expired');

    const third = memoryApprovals();
    const aborted = server(third, { asks: 'wait' });
    const abort = new AbortController();
    const gone = aborted.refund(undefined, aborted.guard.with({ signal: abort.signal }));
    await until(() => (third.list({}) as readonly Approval[]).length === 1);
    abort.abort();
    await expectRefusal(() => gone, 'aborted');
    await until(() => (third.list({}) as readonly Approval[])[0]?.state === 'cancelled');
  });

  it('is asked once for two identical calls, of which one runs', async () => {
    const store = memoryApprovals();
    const { refund, runs } = server(store, { asks: 'wait' });
    const both = [refund(), refund()];
    const settled = Promise.allSettled(both);
    await until(() => (store.list({}) as readonly Approval[]).length > 0);
    expect(await store.list({})).toHaveLength(1);
    const [open] = await store.list({});
    await vote(store, open?.aid ?? '');
    const codes = (await settled).map((one) =>
      one.status === 'fulfilled' ? 'ran' : (one.reason as { code: string }).code,
    );
    expect(codes.toSorted()).toEqual(['approval_consumed', 'ran']);
    expect(runs).toHaveLength(1);
  });

  it('is not given up because a call that joined it was', async () => {
    const store = memoryApprovals();
    const { guard, refund } = server(store, { asks: 'wait' });
    const first = refund();
    await until(() => (store.list({}) as readonly Approval[]).length > 0);
    const abort = new AbortController();
    const second = refund(undefined, guard.with({ signal: abort.signal }));
    await turn();
    abort.abort();
    await expectRefusal(() => second, 'aborted');
    const [open] = await store.list({});
    await vote(store, open?.aid ?? '');
    expect(await first).toBe('refunded');
  });

  it('is never shared where nobody says on whose behalf it is made', async () => {
    const store = memoryApprovals();
    const { refund } = server(store, { context: {} });
    const aid = await suspended(() => refund());
    expect(await suspended(() => refund())).not.toBe(aid);
  });

  it('needs a store that says when something changed', () => {
    const { subscribe, ...mute } = memoryApprovals();
    void subscribe;
    expect(() => server(mute, { asks: 'wait' })).toThrow(/asks: 'wait' needs a store/);
    expect(() => server(mute, { asks: 'maybe' as never })).toThrow(/asks has to be/);
  });
});

describe('an ask that nobody answers in time', () => {
  it('waits for a late answer where every rule that asks lets it', async () => {
    const store = memoryApprovals();
    const park = { policy: () => needing({ onExpiry: 'park' }), asks: 'wait' as const };
    const { refund, guard } = server(store, { ...park, approvalTimeoutMs: 20 });
    const aid = await suspended(() => refund());
    expect(await storyOf(guard)).toEqual(['tool.ask']);
    await vote(store, aid);
    const later = server(store, park);
    expect(await later.resume(aid)).toBe('refunded');
  });

  it('that is answered late is as good as one that was answered in time', async () => {
    const start = Date.now();
    let now = start;
    const store = memoryApprovals({ clock: () => now });
    const policy = (): PolicyAnswer => needing({ onExpiry: 'park', expiresMs: 1000 });
    const { refund, resume } = server(store, { policy });
    const aid = await suspended(() => refund());
    now = start + 100_000;
    await vote(store, aid);
    now += 999;
    expect(await resume(aid)).toBe('refunded');
    const other = await suspended(() => refund({ cents: 1 }));
    await vote(store, other);
    now += 1000;
    await expectRefusal(() => resume(other), 'approval_expired');
  });

  it('asks others too where the rule says so', async () => {
    const start = Date.now();
    let now = start;
    const store = memoryApprovals({ clock: () => now });
    const policy = (): PolicyAnswer =>
      needing({ onExpiry: 'escalate', escalateTo: ['role:board'], expiresMs: 1000 });
    const { refund, resume, runs } = server(store, { policy });
    const aid = await suspended(() => refund());
    await vote(store, aid, { voter: 'dora', roles: ['board'] });
    expect((await pendingIn(store, aid)).state).toBe('pending');
    now = start + 1000;
    expect(await pendingIn(store, aid)).toMatchObject({ escalated: true, state: 'pending' });
    await vote(store, aid, { voter: 'erik', roles: ['board'] });
    now = start + 1999;
    expect(await resume(aid)).toBe('refunded');
    expect(runs).toHaveLength(1);
  });

  it('expires after others were asked in vain', async () => {
    const start = Date.now();
    let now = start;
    const store = memoryApprovals({ clock: () => now });
    const policy = (): PolicyAnswer =>
      needing({ onExpiry: 'escalate', escalateTo: ['role:board'], expiresMs: 1000 });
    const { refund, resume } = server(store, { policy });
    const aid = await suspended(() => refund());
    now = start + 2000;
    expect((await pendingIn(store, aid)).state).toBe('expired');
    await expectRefusal(() => resume(aid), 'approval_expired');
  });

  it('goes on to those who are asked next in this process', async () => {
    const start = Date.now();
    let now = start;
    const store = memoryApprovals({ clock: () => now });
    const policy = (): PolicyAnswer =>
      needing({ onExpiry: 'escalate', escalateTo: ['role:board'], expiresMs: 60_000 });
    const asked: string[] = [];
    const { guard, refund } = server(store, {
      policy,
      approver: [
        {
          name: 'bob',
          voter: { id: 'bob' },
          ask: (_request, { signal }) => {
            asked.push('bob');
            now = start + 60_000;
            return new Promise((resolve) => {
              signal.addEventListener('abort', () => resolve({ verdict: 'abstain' }));
            });
          },
        },
        {
          name: 'dora',
          voter: { id: 'dora', roles: ['board'] },
          accepts: ({ votes }) => JSON.stringify(votes).includes('role:board'),
          ask: () => {
            asked.push('dora');
            return 'approve';
          },
        },
      ],
    });
    expect(await refund()).toBe('refunded');
    expect(asked).toContain('dora');
    expect(await storyOf(guard)).toContain('approval.escalated');
  });
});
