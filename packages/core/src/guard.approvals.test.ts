import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  entriesOf,
  eventsOf,
  expectRefusal,
  expectVerified,
  never,
  refusalOf,
  storyOf,
  turn,
  until,
} from '../test/harness.ts';
import type { Approval, ApprovalStore } from './approvals/approval.ts';
import type { ApprovalRequest, Approver, ApproverAnswer } from './approvals/approver.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { CallContext } from './call.ts';
import { digest } from './digest.ts';
import { GuardError } from './errors.ts';
import { createGuard, type Guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { PolicyAnswer } from './policy/policy.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import type { CallInput } from './tool.ts';

const alice: CallContext = {
  principal: { id: 'alice', tenant: 'acme' },
  session: 's1',
  agent: 'bot',
};
const yes = { channel: 'test', verdict: 'approve' } as const;
const no = { channel: 'test', verdict: 'deny', note: 'not today' } as const;

const byBoss: PolicyAnswer = {
  effect: 'ask',
  reason: 'it costs money',
  requirements: { votes: [{ kind: 'approvers', by: ['boss'], quorum: 1 }] },
};

function voting(id: string, answer: ApproverAnswer, roles: readonly string[] = []): Approver {
  return { name: `prompt of ${id}`, voter: { id, roles }, ask: () => answer };
}

async function approvalsOf(store: ApprovalStore): Promise<readonly Approval[]> {
  return store.list({});
}

/** A guard that leaves asking to the framework, and a tool that counts how often it runs. */
function suspending(options: Partial<GuardOptions> = {}) {
  const approvals = memoryApprovals();
  const guard = createGuard({ policy: () => 'ask', context: alice, approvals, ...options });
  const tool = guard.tool({ name: 'refund' });
  const runs: unknown[] = [];
  const input: CallInput = { id: 'call-1', args: { cents: 500 } };
  return {
    approvals,
    guard,
    tool,
    runs,
    input,
    open: async (more: Partial<CallInput> = {}) => {
      const { decision } = await tool.open({ ...input, ...more });
      return decision;
    },
    opened: async (final: boolean) => tool.open(input, { final }),
    vote: async (verdict: 'approve' | 'deny', more: Partial<CallInput> = {}) =>
      tool.vote({ ...input, ...more, answer: { channel: 'inbox', verdict } }),
    run: async (more: Partial<CallInput> = {}) =>
      tool.run({ ...input, ...more }, async (args: unknown) => {
        runs.push(args);
        return 'refunded';
      }),
  };
}

describe('an approval that the framework asks for', () => {
  it('runs the call once, whatever is replayed', async () => {
    const { open, run, runs, approvals } = suspending();
    expect(await open()).toMatchObject({ effect: 'ask' });
    expect(await run({ answer: yes })).toBe('refunded');
    await expectRefusal(() => run({ answer: yes }), 'approval_consumed');
    await expectRefusal(() => run({ answer: yes }), 'approval_consumed');
    expect(runs).toEqual([{ cents: 500 }]);
    expect(await approvalsOf(approvals)).toMatchObject([{ state: 'consumed' }]);
  });

  it('runs the call once when the answer comes in many times at the same moment', async () => {
    const memory = memoryApprovals();
    const slow = async <T>(value: T): Promise<T> => {
      await Promise.resolve();
      return value;
    };
    const approvals: ApprovalStore = {
      ...memory,
      find: (key) => slow(memory.find(key)) as Promise<Approval | undefined>,
      get: (aid) => slow(memory.get(aid)) as Promise<Approval | undefined>,
      vote: async (aid, vote, version) => slow(await memory.vote(aid, vote, version)),
      consume: async (aid, claim, bindings) => slow(await memory.consume(aid, claim, bindings)),
    };
    const { open, run, runs } = suspending({ approvals });
    await open();
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => run({ answer: yes })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = all.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as GuardError).code] : [],
    );
    expect(new Set(codes)).toEqual(new Set(['approval_consumed']));
    expect(runs).toHaveLength(1);
  });

  it('is opened once however often the framework asks whether to ask', async () => {
    const { open, approvals, guard } = suspending();
    await open();
    await open();
    await open();
    expect(await approvalsOf(approvals)).toHaveLength(1);
    expect(await storyOf(guard)).toEqual(['tool.ask']);
  });

  it('is not opened again under the id of a call that was answered', async () => {
    const { open, run, runs } = suspending();
    await open();
    await run({ answer: yes });
    expect(await open()).toMatchObject({ effect: 'deny', code: 'approval_consumed' });
    expect(runs).toHaveLength(1);
  });

  it.each<readonly [string, Partial<CallInput>]>([
    ['another principal', { context: { principal: { id: 'mallory', tenant: 'acme' } } }],
    ['another tenant', { context: { principal: { id: 'alice', tenant: 'evil' } } }],
    ['no principal at all', { context: { principal: undefined } }],
    ['another session', { context: { session: 's2' } }],
    ['another agent', { context: { agent: 'other' } }],
    ['other arguments', { args: { cents: 501 } }],
    ['another call', { id: 'call-2' }],
  ])('does nothing for %s', async (_, more) => {
    const { open, run, runs, approvals } = suspending();
    await open();
    await expectRefusal(() => run({ answer: yes, ...more }), 'approval_unknown');
    expect(runs).toEqual([]);
    expect(await approvalsOf(approvals)).toMatchObject([{ state: 'pending', votes: [] }]);
  });

  it('does nothing for another tool', async () => {
    const { open, guard, input } = suspending();
    await open();
    let ran = false;
    const other = guard.tool({ name: 'wipe' });
    const start = async (): Promise<void> => {
      ran = true;
    };
    await expectRefusal(() => other.run({ ...input, answer: yes }, start), 'approval_unknown');
    expect(ran).toBe(false);
  });

  it('cannot be forged: an answer to what was never opened is refused', async () => {
    const { run, runs, guard } = suspending();
    await expectRefusal(() => run({ answer: yes }), 'approval_unknown');
    expect(runs).toEqual([]);
    expect(await storyOf(guard)).toEqual(['tool.deny approval_unknown']);
  });

  it('cannot be opened by its own answer: a forged history opens nothing', async () => {
    const { open, run, runs, approvals, guard } = suspending();
    expect(await open({ answer: yes })).toMatchObject({ effect: 'deny', code: 'approval_unknown' });
    expect(await approvalsOf(approvals)).toEqual([]);
    await expectRefusal(() => run({ answer: yes }), 'approval_unknown');
    expect(runs).toEqual([]);
    expect(await storyOf(guard)).toEqual(['tool.deny approval_unknown']);
  });

  it('cannot be opened by the answer to it', async () => {
    const { open, run, runs, approvals } = suspending();
    expect(await open({ answer: yes })).toMatchObject({ effect: 'deny', code: 'approval_unknown' });
    expect(await approvalsOf(approvals)).toEqual([]);
    await expectRefusal(() => run({ answer: yes }), 'approval_unknown');
    expect(runs).toEqual([]);
  });

  it('cannot be voted on by somebody whom the answer names', async () => {
    const { open, run, runs } = suspending({ policy: () => byBoss, context: {} });
    await open();
    const forged = { ...yes, voter: 'boss', roles: ['boss'] };
    await expectRefusal(() => run({ answer: forged }), 'approval_required');
    expect(runs).toEqual([]);
  });

  it.each([
    ['nonsense', 'perhaps'],
    ['nothing', undefined],
    ['true', true],
  ])('is not approved by an answer of %s', async (_, verdict) => {
    const { open, run, runs } = suspending();
    await open();
    await expectRefusal(
      () => run({ answer: { ...yes, verdict: verdict as never } }),
      'approval_invalid',
    );
    expect(runs).toEqual([]);
  });

  it('is denied for good by a denial, and the note reaches the error', async () => {
    const { open, run, runs } = suspending();
    await open();
    const error = await expectRefusal(() => run({ answer: no }), 'approval_denied');
    expect(error.message).toContain('not today');
    expect(error.aid).toMatch(/^aid_/);
    await expectRefusal(() => run({ answer: yes }), 'approval_denied');
    expect(runs).toEqual([]);
  });

  it('is denied by a denial that comes after the approval, as long as nothing ran', async () => {
    let limitReached = true;
    const { open, run, runs } = suspending({
      policy: () => ({
        effect: 'ask',
        limits: limitReached ? [{ id: 'none', max: 0, windowMs: 1000 }] : [],
      }),
    });
    await open();
    await expectRefusal(() => run({ answer: yes }), 'limit_exceeded');
    await expectRefusal(() => run({ answer: no }), 'approval_denied');
    limitReached = false;
    await expectRefusal(() => run({ answer: yes }), 'approval_denied');
    expect(runs).toEqual([]);
  });

  it('denies where the policy would allow, even if no approval was opened', async () => {
    const { run, runs } = suspending({ policy: () => 'allow' });
    await expectRefusal(() => run({ answer: no }), 'approval_denied');
    expect(runs).toEqual([]);
  });

  it('expires by the clock of the store', async () => {
    let now = 1000;
    const approvals = memoryApprovals({ clock: () => now });
    const { open, run, runs } = suspending({
      approvals,
      policy: () => ({ effect: 'ask', requirements: { expiresMs: 60_000 } }),
    });
    await open();
    now += 60_000;
    await expectRefusal(() => run({ answer: yes }), 'approval_expired');
    expect(runs).toEqual([]);
  });

  it('keeps its rid from the ask to the outcome', async () => {
    const { open, run, guard } = suspending();
    const heard = eventsOf(guard);
    await open();
    await run({ answer: yes });
    expect(new Set(heard.map(({ rid }) => rid)).size).toBe(1);
    const entries = await entriesOf(guard);
    expect(new Set(entries.map(({ rid }) => rid)).size).toBe(1);
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'tool.allow',
      'tool.outcome ok',
    ]);
    expect(entries[2]).toMatchObject({
      votes: [{ voter: 'alice', channel: 'test', verdict: 'approve' }],
    });
    await expectVerified(guard);
  });

  it('does not run rewriting hooks again: what was approved runs', async () => {
    let rewrites = 0;
    const { open, run, runs } = suspending({
      hooks: {
        rewrite: () => {
          rewrites += 1;
          return { args: { cents: rewrites } };
        },
      },
    });
    await open();
    await run({ answer: yes });
    expect(rewrites).toBe(1);
    expect(runs).toEqual([{ cents: 1 }]);
  });

  it('finds its way back although the caller changed its arguments object meanwhile', async () => {
    const decided = Promise.withResolvers<void>();
    const { tool, approvals } = suspending({
      policy: async () => {
        await decided.promise;
        return 'ask' as const;
      },
    });
    const args = { cents: 500 };
    const opening = tool.open({ id: 'call-1', args });
    args.cents = 9;
    decided.resolve();
    await opening;
    expect(await approvalsOf(approvals)).toMatchObject([{ args: { cents: 500 } }]);
    const ran = await tool.run(
      { id: 'call-1', args: { cents: 500 }, answer: yes },
      async (given: unknown) => given,
    );
    expect(ran).toEqual({ cents: 500 });
  });

  it('waits for the votes of others when the requester alone is not enough', async () => {
    const { open, run, runs, approvals } = suspending({
      policy: () => ({
        effect: 'ask',
        requirements: {
          votes: [{ kind: 'confirm' }, { kind: 'approvers', by: ['boss'], quorum: 1 }],
        },
      }),
    });
    await open();
    await expectRefusal(() => run({ answer: yes }), 'approval_required');
    const [pending] = await approvalsOf(approvals);
    expect(pending).toMatchObject({ state: 'pending', votes: [{ voter: 'alice' }] });
    await approvals.vote(
      pending?.aid ?? '',
      {
        verdict: 'approve',
        voter: 'boss',
        channel: 'inbox',
        digest: digest('args', { cents: 500 }),
      },
      pending?.version ?? 0,
    );
    expect(await run({ answer: yes })).toBe('refunded');
    expect(runs).toHaveLength(1);
  });
});

describe('what changed while the person was thinking', () => {
  it('a policy that denies by now refuses, and the approval is not used', async () => {
    let effect: 'ask' | 'deny' = 'ask';
    const { open, run, runs } = suspending({ policy: () => effect });
    await open();
    effect = 'deny';
    await expectRefusal(() => run({ answer: yes }), 'denied');
    expect(runs).toEqual([]);
  });

  it('a policy that allows by now runs the call, and the approval is used up all the same', async () => {
    let effect: 'ask' | 'allow' = 'ask';
    const { open, run, runs, approvals } = suspending({ policy: () => effect });
    await open();
    effect = 'allow';
    expect(await run({ answer: yes })).toBe('refunded');
    expect(await approvalsOf(approvals)).toMatchObject([{ state: 'consumed' }]);
    effect = 'ask';
    await expectRefusal(() => run({ answer: yes }), 'approval_consumed');
    expect(runs).toHaveLength(1);
  });

  it('a policy that allows by now does not run what the person denied', async () => {
    let effect: 'ask' | 'allow' = 'ask';
    const { open, run, runs } = suspending({ policy: () => effect });
    await open();
    effect = 'allow';
    await expectRefusal(() => run({ answer: no }), 'approval_denied');
    expect(runs).toEqual([]);
  });

  it('a policy that allows by now calls off what more people would have had to approve', async () => {
    let answer: PolicyAnswer = byBoss;
    const { open, run, runs, approvals } = suspending({ policy: () => answer });
    await open();
    answer = 'allow';
    expect(await run({ answer: yes })).toBe('refunded');
    expect(await approvalsOf(approvals)).toMatchObject([{ state: 'cancelled' }]);
    expect(runs).toHaveLength(1);
  });

  it('a policy that asks for more by now reopens, and runs only with the new votes', async () => {
    let answer: PolicyAnswer = 'ask';
    const { open, run, runs, approvals, guard } = suspending({ policy: () => answer });
    await open();
    answer = byBoss;
    const error = await expectRefusal(() => run({ answer: yes }), 'approval_required');
    const [old, reopened] = await approvalsOf(approvals);
    expect(old?.state).toBe('cancelled');
    expect(reopened).toMatchObject({ state: 'pending', aid: error.aid, votes: [] });
    expect(reopened?.requirements.votes).toEqual([{ kind: 'approvers', by: ['boss'], quorum: 1 }]);
    expect(runs).toEqual([]);
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'approval.cancelled',
      'tool.ask',
      'tool.deny approval_required',
    ]);
  });

  it('a policy that wants fresher approvals by now reopens', async () => {
    let expiresMs = 3_600_000;
    const approvals = memoryApprovals({ clock: () => Date.now() - 120_000 });
    const { open, run, runs } = suspending({
      approvals,
      policy: () => ({ effect: 'ask', requirements: { expiresMs } }),
    });
    await open();
    expiresMs = 60_000;
    await expectRefusal(() => run({ answer: yes }), 'approval_required');
    expect(runs).toEqual([]);
  });

  it('another policy that still asks for what was approved is evidence, not a gate', async () => {
    let reason = 'the old policy';
    const { open, run, guard } = suspending({ policy: () => ({ effect: 'ask', reason }) });
    await open();
    reason = 'the new policy';
    expect(await run({ answer: yes })).toBe('refunded');
    const entries = await entriesOf(guard);
    expect(entries.map(({ reason: why }) => why).filter(Boolean)).toEqual([
      'the old policy',
      'approved by alice through test',
    ]);
  });

  it('labels that the session got meanwhile are decided on', async () => {
    const { open, run, runs, guard } = suspending({
      policy: (call) =>
        call.labels.includes('tainted')
          ? 'deny'
          : call.tool.name === 'refund'
            ? 'ask'
            : {
                effect: 'allow',
                obligations: [{ type: 'label', labels: ['tainted'] }],
              },
    });
    await open();
    await guard.call({ tool: 'browse', args: {} }, async () => 'page');
    await expectRefusal(() => run({ answer: yes }), 'denied');
    expect(runs).toEqual([]);
  });

  it('a sandbox that resolves the arguments to something else by now refuses', async () => {
    let target = '/data/a';
    const { open, run, runs } = suspending({
      sandbox: { ...noSandbox(), confine: () => ({ args: { path: target } }) },
    });
    await open();
    target = '/etc/passwd';
    await expectRefusal(() => run({ answer: yes }), 'approval_invalid');
    expect(runs).toEqual([]);
  });

  it('a sandbox that does so while a person in this process thinks refuses before anything is used', async () => {
    let target = '/data/a';
    const guard = createGuard({
      policy: () => ({ effect: 'ask', limits: [{ id: 'x', max: 1, windowMs: 60_000 }] }),
      sandbox: { ...noSandbox(), confine: () => ({ args: { path: target } }) },
      approver: () => {
        target = '/etc/passwd';
        return 'approve';
      },
    });
    const error = await expectRefusal(
      () => guard.call({ tool: 'read', args: {} }, () => 1),
      'approval_invalid',
    );
    expect(error.message).toContain('what the arguments resolve to has changed');
  });

  it('a checking hook that denies by now refuses', async () => {
    const { open, run, runs, guard } = suspending();
    await open();
    guard.hook({ preTool: () => ({ effect: 'deny', reason: 'frozen' }) });
    await expectRefusal(() => run({ answer: yes }), 'denied');
    expect(runs).toEqual([]);
  });

  it('the same holds where the person is asked in this process', async () => {
    let answer: PolicyAnswer = 'ask';
    const thinking = (next: PolicyAnswer) => (): 'approve' => {
      answer = next;
      return 'approve';
    };
    const run = async (next: PolicyAnswer) => {
      answer = 'ask';
      const approvals = memoryApprovals();
      const guard = createGuard({
        policy: () => answer,
        approver: thinking(next),
        context: alice,
        approvals,
      });
      const outcome = await guard
        .call({ tool: 'refund', args: {} }, () => 'refunded')
        .catch((error: unknown) => (error as GuardError).code);
      return [outcome, (await approvalsOf(approvals)).map(({ state }) => state)];
    };
    expect(await run('deny')).toEqual(['denied', ['cancelled']]);
    expect(await run('allow')).toEqual(['refunded', ['consumed']]);
    expect(await run({ effect: 'ask', reason: 'another' })).toEqual(['refunded', ['consumed']]);
    // Asked again for the boss, whom this process cannot ask: the vote of the requester is not enough.
    expect(await run(byBoss)).toEqual(['approval_denied', ['cancelled', 'cancelled']]);
  });

  it('a policy that asks for more every time is given up', async () => {
    let quorum = 0;
    const guard = createGuard({
      policy: () => {
        quorum += 1;
        const by = [`boss ${quorum}`];
        return { effect: 'ask', requirements: { votes: [{ kind: 'approvers', by, quorum: 1 }] } };
      },
      approver: Array.from({ length: 20 }, (_, i) => voting(`boss ${i}`, 'approve')),
      context: alice,
    });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'refund', args: {} }, () => {
          ran = true;
        }),
      'approval_invalid',
    );
    expect(ran).toBe(false);
  });
});

describe('approvers in this process', () => {
  function asking(
    approver: GuardOptions['approver'],
    answer: PolicyAnswer,
    options: Partial<GuardOptions> = {},
  ) {
    const approvals = memoryApprovals();
    const guard = createGuard({
      policy: () => answer,
      context: alice,
      approvals,
      ...(approver === undefined ? {} : { approver }),
      ...options,
    });
    let runs = 0;
    const call = (args: unknown = { cents: 1 }): Promise<string> =>
      guard.call({ tool: 'refund', args }, () => {
        runs += 1;
        return 'refunded';
      });
    return { guard, call, approvals, runs: () => runs };
  }

  const three = (quorum: number): PolicyAnswer => ({
    effect: 'ask',
    requirements: { votes: [{ kind: 'approvers', by: ['ann', 'ben', 'role:auditor'], quorum }] },
  });

  it('approve with one vote where one is asked for', async () => {
    const { call, guard } = asking(() => 'approve', 'ask');
    expect(await call()).toBe('refunded');
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'tool.allow',
      'tool.outcome ok',
    ]);
    await expectVerified(guard);
  });

  it('deny with a note that reaches the error', async () => {
    const { call, runs } = asking(() => ({ verdict: 'deny', note: 'ask me on Monday' }), 'ask');
    const error = await expectRefusal(call, 'approval_denied');
    expect(error.message).toContain('they say: ask me on Monday');
    expect(error.aid).toMatch(/^aid_/);
    expect(runs()).toBe(0);
  });

  it.each<readonly [string, readonly Approver[], number, boolean]>([
    ['two named people', [voting('ann', 'approve'), voting('ben', 'approve')], 2, true],
    [
      'a named person and a role',
      [voting('ann', 'approve'), voting('zoe', 'approve', ['auditor'])],
      2,
      true,
    ],
    ['one of two', [voting('ann', 'approve'), voting('zoe', 'approve')], 2, false],
    ['the same person twice', [voting('ann', 'approve'), voting('ann', 'approve')], 2, false],
    ['nobody who is named', [voting('zoe', 'approve'), voting('yan', 'approve')], 1, false],
    ['the requester for themselves', [voting('alice', 'approve', ['auditor'])], 1, false],
    [
      'a function, which answers for the requester',
      [{ name: 'callback', ask: () => 'approve' }],
      1,
      false,
    ],
    [
      'one denial among approvals',
      [voting('ann', 'approve'), voting('ben', 'deny'), voting('zoe', 'approve', ['auditor'])],
      2,
      false,
    ],
  ])('%s', async (_, approvers, quorum, runs) => {
    const { call, approvals } = asking(approvers, three(quorum));
    if (runs) {
      expect(await call()).toBe('refunded');
    } else {
      await expectRefusal(call, 'approval_denied');
      // Nothing is left behind that somebody could still answer.
      expect((await approvalsOf(approvals)).map(({ state }) => state)).not.toContain('pending');
    }
  });

  it('are asked at once, and the answer of one settles it for all', async () => {
    const asked: string[] = [];
    const waiting = (id: string): Approver => ({
      name: id,
      voter: { id },
      ask: (_, { signal }) => {
        asked.push(id);
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            asked.push(`${id} was called off`);
            resolve('deny');
          });
        });
      },
    });
    const { call } = asking([waiting('ann'), voting('ben', 'approve'), waiting('zoe')], three(1));
    expect(await call()).toBe('refunded');
    expect(asked).toEqual(['ann', 'zoe', 'ann was called off', 'zoe was called off']);
  });

  it('whose answers come at the same moment do not get in each other\u2019s way, with a slow store', async () => {
    const memory = memoryApprovals();
    const approvals: ApprovalStore = {
      ...memory,
      vote: async (aid, vote, version) => {
        const result = await memory.vote(aid, vote, version);
        // The answer to the first vote is the last to arrive, and out of date by then.
        if (version === 1) await turn();
        return result;
      },
    };
    const { call, runs } = asking(
      [voting('ann', 'approve'), voting('ben', 'approve'), voting('zoe', 'approve', ['auditor'])],
      three(3),
      { approvals },
    );
    expect(await call()).toBe('refunded');
    expect(runs()).toBe(1);
  });

  it('keep their votes when somebody elsewhere votes in between', async () => {
    const memory = memoryApprovals();
    let disturbed = false;
    const approvals: ApprovalStore = {
      ...memory,
      vote: async (aid, vote, version) => {
        if (!disturbed) {
          disturbed = true;
          await memory.vote(aid, { ...vote, voter: 'zoe', roles: ['auditor'] }, version);
        }
        return memory.vote(aid, vote, version);
      },
    };
    const { call } = asking([voting('ann', 'approve')], three(2), { approvals });
    expect(await call()).toBe('refunded');
  });

  it('are not outvoted by an approval elsewhere: one denial denies as long as nothing ran', async () => {
    const memory = memoryApprovals();
    const approvals: ApprovalStore = {
      ...memory,
      vote: async (aid, vote, version) => {
        const pending = (await memory.get(aid))?.state === 'pending';
        if (pending) await memory.vote(aid, { ...vote, voter: 'zoe', verdict: 'approve' }, version);
        return memory.vote(aid, vote, version);
      },
    };
    const byZoe: PolicyAnswer = {
      effect: 'ask',
      requirements: { votes: [{ kind: 'approvers', by: ['ann', 'zoe'], quorum: 1 }] },
    };
    const { call, runs } = asking([voting('ann', 'deny')], byZoe, { approvals });
    await expectRefusal(call, 'approval_denied');
    expect(runs()).toBe(0);
  });

  it.each<readonly [string, Approver['ask']]>([
    [
      'throws',
      () => {
        throw new Error('terminal gone');
      },
    ],
    ['rejects', () => Promise.reject(new Error('terminal gone'))],
    ['answers true', () => true as never],
    ['answers yes', () => 'yes' as never],
    ['answers nothing', () => undefined as never],
    ['answers null', () => null as never],
    ['answers an empty object', () => ({}) as never],
    ['answers more than is understood', () => ({ verdict: 'approve', forever: true }) as never],
    ['answers an unknown verdict', () => ({ verdict: 'maybe' }) as never],
    ['abstains', () => ({ verdict: 'abstain', note: 'gone to lunch' })],
  ])(
    'an approver that %s lets nothing run, and the log does not say that a person denied',
    async (_, ask) => {
      const { call, runs, guard } = asking(ask, 'ask');
      const { message } = await expectRefusal(call, 'approval_required');
      expect(message).toContain('nobody answered');
      expect(runs()).toBe(0);
      expect(await storyOf(guard)).toEqual([
        'tool.ask',
        'approval.cancelled',
        'tool.deny approval_required',
      ]);
    },
  );

  it('that abstain leave it to the others', async () => {
    const away: Approver = {
      name: 'ann',
      voter: { id: 'ann' },
      ask: () => ({ verdict: 'abstain' }),
    };
    const { call } = asking([away, voting('ben', 'approve')], three(1));
    expect(await call()).toBe('refunded');
  });

  it('that may not answer such an ask are left out, one that cannot say among them', async () => {
    const careful: Approver = { name: 'auto', accepts: () => false, ask: () => 'approve' };
    const broken: Approver = {
      name: 'broken',
      accepts: () => {
        throw new Error('who knows');
      },
      ask: () => 'approve',
    };
    const { call, runs } = asking([careful, broken], 'ask');
    await expectRefusal(call, 'approval_required');
    expect(runs()).toBe(0);
  });

  it('are missing: the error says who would be needed and what to pass', async () => {
    const { call } = asking(undefined, byBoss);
    const error = await expectRefusal(call, 'approval_required');
    expect(error.message).toContain('1 of boss');
    expect(error.message).toContain('it costs money');
    expect(error.message).toContain('createGuard({ approver })');
  });

  it('that do not answer in time let the approval expire', async () => {
    const { call, approvals, guard } = asking(() => never(), 'ask', { approvalTimeoutMs: 10 });
    const heard = eventsOf(guard);
    await expectRefusal(call, 'approval_expired');
    expect(await approvalsOf(approvals)).toMatchObject([{ state: 'cancelled' }]);
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.expired',
      'tool.deny approval_expired',
    ]);
    expect(heard.find(({ type }) => type === 'approval.resolved')).toMatchObject({
      state: 'expired',
    });
  });

  it('have no longer than the policy says', async () => {
    const { call } = asking(() => never(), { effect: 'ask', requirements: { expiresMs: 10 } });
    await expectRefusal(call, 'approval_expired');
  });

  it('that answer after the deadline change nothing', async () => {
    const answer = Promise.withResolvers<ApproverAnswer>();
    const { call, approvals, runs } = asking(() => answer.promise, 'ask', {
      approvalTimeoutMs: 10,
    });
    await expectRefusal(call, 'approval_expired');
    answer.resolve('approve');
    await answer.promise;
    expect(await approvalsOf(approvals)).toMatchObject([{ state: 'cancelled', votes: [] }]);
    expect(runs()).toBe(0);
  });

  it('are too many at once: beyond the bound of the store asks are refused', async () => {
    const approvals = memoryApprovals({ maxPending: 1 });
    const answer = Promise.withResolvers<ApproverAnswer>();
    const { call } = asking(() => answer.promise, 'ask', { approvals });
    const first = call();
    await expectRefusal(call, 'approval_limit');
    answer.resolve('approve');
    expect(await first).toBe('refunded');
    // What was used up makes room again.
    expect(await call()).toBe('refunded');
  });
});

describe('what an approver is shown', () => {
  type Answering = (request: ApprovalRequest, guard: Guard) => Promise<ApproverAnswer>;

  async function shownFor(args: unknown, answer: Answering, options: Partial<GuardOptions> = {}) {
    let request: ApprovalRequest | undefined;
    const guard: Guard = createGuard({
      policy: () => ({ effect: 'ask', reason: 'because', rule: 'r1' }),
      context: alice,
      approver: (given) => {
        request = given;
        return answer(given, guard);
      },
      ...options,
    });
    let received: unknown;
    const outcome = await guard
      .call({ tool: 'refund', args }, (given) => {
        received = given;
        return 'refunded';
      })
      .catch((error: unknown) => (error as GuardError).code);
    return { request, received, outcome, guard };
  }

  it('is exactly what runs: the arguments after sandbox and schema, and their digest', async () => {
    const { request, received } = await shownFor({ path: '../x' }, async () => 'approve', {
      sandbox: { ...noSandbox(), confine: () => ({ args: { path: '/data/x' } }) },
    });
    expect(request?.args).toEqual({ path: '/data/x' });
    expect(received).toEqual({ path: '/data/x' });
    expect(request?.digest).toBe(digest('args', received));
    expect(request).toMatchObject({
      tool: { name: 'refund', source: 'app' },
      reason: 'because',
      rule: 'r1',
      hidden: [],
      context: alice,
    });
  });

  it('hides secrets, and an approval without having looked at them does not count', async () => {
    const { request, outcome, received } = await shownFor(
      { password: 'hunter2' },
      async () => 'approve',
    );
    expect(request?.args).toEqual({ password: '[redacted]' });
    expect(request?.hidden).toEqual(['password']);
    expect(outcome).toBe('approval_unrevealed');
    expect(received).toBeUndefined();
  });

  it('can be revealed, which is in the log before it is seen', async () => {
    let atReveal: readonly string[] = [];
    let revealed: unknown;
    const args = { password: 'hunter2', at: new Date(0) };
    const { outcome, guard } = await shownFor(args, async (request, asking) => {
      revealed = await request.reveal();
      atReveal = await storyOf(asking);
      return 'approve';
    });
    expect(outcome).toBe('refunded');
    expect(revealed).toEqual(args);
    expect(atReveal).toEqual(['tool.ask', 'approval.revealed']);
    const [, entry] = await entriesOf(guard);
    expect(entry).toMatchObject({ actor: 'requester', payload: { hidden: ['password'] } });
    const stored = JSON.stringify(await guard.audit?.query());
    expect(stored).not.toContain('hunter2');
  });

  it('may be denied without looking', async () => {
    const { outcome } = await shownFor({ password: 'hunter2' }, async () => 'deny');
    expect(outcome).toBe('approval_denied');
  });

  it('cannot be revealed once the approval is settled', async () => {
    let request: ApprovalRequest | undefined;
    await shownFor({ password: 'hunter2' }, async (given) => {
      request = given;
      return 'deny';
    });
    await expectRefusal(() => request?.reveal(), 'approval_denied');
  });

  it('is a copy: changing what is shown or revealed changes nothing', async () => {
    const { received, outcome } = await shownFor(
      { at: new Date(0), token: 'abc' },
      async (request) => {
        const revealed = (await request.reveal()) as { at: Date };
        revealed.at.setTime(1);
        expect(Object.isFrozen(request.args)).toBe(true);
        expect(Object.isFrozen(request)).toBe(true);
        return 'approve';
      },
    );
    expect(outcome).toBe('refunded');
    expect(received).toEqual({ at: new Date(0), token: 'abc' });
  });
});

describe('any sequence of opening, answering and replaying', () => {
  it('starts the body at most once per approval, and never without one', async () => {
    const step = fc.oneof(
      fc.constant('open' as const),
      fc.constant('approve' as const),
      fc.constant('deny' as const),
      fc.constant('plain' as const),
      fc.constant('other person' as const),
      fc.constant('other args' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { open, run, runs, approvals } = suspending();
        let denied = false;
        let opened = false;
        for (const one of steps) {
          const attempt = {
            open: () => open(),
            approve: () => run({ answer: yes }),
            deny: () => run({ answer: no }),
            plain: () => run(),
            'other person': () => run({ answer: yes, context: { principal: { id: 'eve' } } }),
            'other args': () => run({ answer: yes, args: { cents: 9 } }),
          }[one];
          await attempt().catch(() => undefined);
          opened ||= one === 'open';
          denied ||= opened && one === 'deny' && runs.length === 0;
          if (denied || !opened) expect(runs).toEqual([]);
        }
        const consumed = (await approvalsOf(approvals)).filter(({ state }) => state === 'consumed');
        expect(runs.length).toBeLessThanOrEqual(1);
        expect(consumed).toHaveLength(runs.length);
      }),
      { numRuns: 200 },
    );
  });
});

it('errors of the approval name it, so that the application can find it', async () => {
  const guard = createGuard({ policy: () => 'ask', approver: () => 'deny', context: alice });
  const error = await refusalOf(() => guard.call({ tool: 'refund', args: {} }, () => 1));
  const [asked] = await entriesOf(guard);
  expect(error.aid).toBe(asked?.aid);
});

describe('votes that come before the call', () => {
  it('run it once, and it keeps the rid under which it was asked', async () => {
    const { open, vote, run, runs, guard, approvals } = suspending();
    await open();
    expect(await vote('approve')).toMatchObject({ state: 'approved', votes: [{ voter: 'alice' }] });
    expect(await run({ answer: 'voted' })).toBe('refunded');
    await expectRefusal(() => run({ answer: 'voted' }), 'approval_consumed');
    expect(runs).toEqual([{ cents: 500 }]);
    const [approval] = await approvalsOf(approvals);
    const story = await entriesOf(guard);
    expect(story.slice(0, 4).map(({ action, rid }) => [action, rid])).toEqual(
      ['tool.ask', 'approval.approve', 'tool.allow', 'tool.outcome'].map((action) => [
        action,
        approval?.rid,
      ]),
    );
  });

  it('tell of the resolution once', async () => {
    const { open, vote, run, guard } = suspending();
    const heard = eventsOf(guard);
    await open();
    await vote('approve');
    await run({ answer: 'voted' });
    const names = heard.map(({ type }) => type);
    expect(names.filter((type) => type === 'approval.resolved')).toHaveLength(1);
    expect(names.indexOf('approval.resolved')).toBeLessThan(names.indexOf('start'));
  });

  it('deny it, also when the policy would allow it by now', async () => {
    let effect: 'ask' | 'allow' = 'ask';
    const { open, vote, run, runs } = suspending({ policy: () => effect });
    await open();
    expect(await vote('deny')).toMatchObject({ state: 'denied' });
    await expectRefusal(() => run({ answer: 'voted' }), 'approval_denied');
    effect = 'allow';
    await expectRefusal(() => run({ answer: 'voted' }), 'approval_denied');
    expect(runs).toEqual([]);
  });

  it('run nothing as long as they do not suffice', async () => {
    const { open, vote, run, runs } = suspending({ policy: () => byBoss });
    await open();
    expect(await vote('approve')).toMatchObject({ state: 'pending' });
    await expectRefusal(() => run({ answer: 'voted' }), 'approval_required');
    expect(runs).toEqual([]);
  });

  it.each<[string, Partial<CallInput>]>([
    ['of somebody else', { context: { principal: { id: 'mallory' } } }],
    ['in another session', { context: { session: 'other' } }],
    ['on other arguments', { args: { cents: 501 } }],
    ['on another call', { id: 'call-2' }],
  ])('%s are unknown', async (_, more) => {
    const { open, vote, run, runs } = suspending();
    await open();
    await expectRefusal(() => vote('approve', more), 'approval_unknown');
    await vote('approve');
    await expectRefusal(() => run({ ...more, answer: 'voted' }), 'approval_unknown');
    expect(runs).toEqual([]);
  });

  it('are unknown where nothing was asked, also for a call that is allowed', async () => {
    const { vote, run, runs } = suspending({ policy: () => 'allow' });
    await expectRefusal(() => vote('approve'), 'approval_unknown');
    await expectRefusal(() => run({ answer: 'voted' }), 'approval_unknown');
    expect(runs).toEqual([]);
  });

  it('count once: the second one finds it decided', async () => {
    const { open, vote } = suspending();
    await open();
    await vote('deny');
    await expectRefusal(() => vote('approve'), 'approval_denied');
  });
});

describe('a call that is opened', () => {
  it('gives the approval that is open for it, the same one every time', async () => {
    const { opened, vote, approvals } = suspending();
    const first = await opened(false);
    expect(first).toMatchObject({ decision: { effect: 'ask' }, approval: { state: 'pending' } });
    await vote('approve');
    const second = await opened(false);
    expect(second.approval).toMatchObject({ aid: first.approval?.aid, state: 'approved' });
    expect(await approvalsOf(approvals)).toHaveLength(1);
  });

  it.each<[string, boolean, readonly string[]]>([
    ['that is final is logged and told once', true, ['call', 'decision', 'error']],
    ['that is not final is left to the call', false, []],
  ])('and denied in a way %s', async (_, final, told) => {
    const { opened, guard } = suspending({ policy: () => ({ effect: 'deny', reason: 'no' }) });
    const heard = eventsOf(guard);
    expect(await opened(final)).toMatchObject({ decision: { effect: 'deny' } });
    expect(await storyOf(guard)).toEqual(final ? ['tool.deny denied'] : []);
    expect(heard.map(({ type }) => type).filter((type) => type !== 'audit')).toEqual(told);
  });

  it('gives its reason without what is secret: frameworks show it to models and clients', async () => {
    const reason = 'no sk-1234567890abcdefghij';
    for (const effect of ['deny', 'ask', 'allow'] as const) {
      const { opened } = suspending({ policy: () => ({ effect, reason }) });
      const { decision } = await opened(true);
      expect(decision).toMatchObject({ effect, reason: 'no [redacted]' });
    }
  });

  it('is a denial when the policy fails, and logged as one if that is final', async () => {
    const { opened, guard } = suspending({
      policy: () => {
        throw new Error('out of order');
      },
    });
    expect(await opened(true)).toMatchObject({
      decision: { effect: 'deny', code: 'policy_error' },
    });
    expect(await storyOf(guard)).toEqual(['tool.deny policy_error']);
  });
});

describe('an answer that comes with a call', () => {
  it.each([yes, no])(
    'to what was never asked never reaches a person in this process: %j',
    async (answer) => {
      let asked = 0;
      const { run, runs } = suspending({
        approver: () => {
          asked += 1;
          return 'approve';
        },
      });
      await expectRefusal(() => run({ answer }), 'approval_unknown');
      expect(asked).toBe(0);
      expect(runs).toEqual([]);
    },
  );

  it('to an ask that has expired opens no other one, and says so', async () => {
    const { open, tool, input, run, runs, approvals } = suspending({ approvalExpiresMs: 5 });
    await open();
    const [approval] = await approvalsOf(approvals);
    await until(() => Date.now() > (approval?.expiresAt ?? 0));
    const { decision } = await tool.open({ ...input, answer: yes });
    expect(decision).toMatchObject({ effect: 'deny', code: 'approval_expired' });
    await expectRefusal(() => run({ answer: yes }), 'approval_expired');
    expect(runs).toEqual([]);
  });
});

describe('a tool that takes something else by now', () => {
  const approvals = memoryApprovals();
  const guard = createGuard({ policy: () => 'ask', context: alice, approvals });

  it.each<[string, () => unknown, () => unknown, string]>([
    ['the same', () => ({ max: 1 }), () => ({ max: 1 }), 'ran'],
    ['something else', () => ({ max: 1 }), () => ({ max: 2 }), 'approval_invalid'],
    [
      'something that nobody can say',
      () => ({ max: 1 }),
      () => {
        throw new Error('no');
      },
      'tool_invalid',
    ],
    ['something that is known later', () => ({ max: 1 }), async () => ({ max: 1 }), 'ran'],
  ])('takes %s', async (id, before, after, expected) => {
    const input = { id, args: { cents: 1 } };
    await guard.tool({ name: 'refund', definition: before }).open(input);
    const changed = guard.tool({ name: 'refund', definition: after });
    const run = async (): Promise<unknown> =>
      changed.run({ ...input, answer: yes }, async () => 'ran');
    expect(await run().catch((error: unknown) => (error as GuardError).code)).toBe(expected);
  });

  it('is not looked at as long as nobody is asked', async () => {
    let looked = 0;
    const tool = createGuard({ policy: () => 'allow' }).tool({
      name: 'read',
      definition: () => (looked += 1),
    });
    await tool.run({ args: {} }, async () => 1);
    expect(looked).toBe(0);
  });
});
