import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { entriesOf, expectRefusal, expectVerified, storyOf } from '../test/harness.ts';
import type { ApprovalRequest, Approver, ApproverAnswer } from './approvals/approver.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { PolicyFunction } from './policy/policy.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';

const schema = z.object({
  to: z.string(),
  cents: z.int().positive(),
  note: z.string().default(''),
});
const edit = (edited: Readonly<Record<string, unknown>>): ApproverAnswer => ({
  verdict: 'approve',
  edited,
});

/** Bob and carol have to agree, and may lower the amount. */
const both: PolicyFunction = () => ({
  effect: 'ask',
  requirements: {
    votes: [
      { kind: 'approvers', by: ['bob'], quorum: 1 },
      { kind: 'approvers', by: ['carol'], quorum: 1 },
    ],
    editable: ['cents', 'note'],
  },
});

/** Bob alone. */
const one: PolicyFunction = () => ({
  effect: 'ask',
  requirements: {
    votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }],
    editable: ['cents', 'note'],
  },
});

function payments(policy: PolicyFunction, options: Partial<GuardOptions> = {}) {
  const approvals = memoryApprovals();
  const guard = createGuard({
    policy,
    approvals,
    context: { principal: { id: 'alice' }, session: 's1' },
    ...options,
  });
  const runs: unknown[] = [];
  const pay = async (args: unknown = { to: 'DE1', cents: 500 }) =>
    guard.call({ tool: 'pay', schema, args }, (given) => {
      runs.push(given);
      return 'paid';
    });
  return { approvals, guard, pay, runs };
}

/** Somebody who answers each ask with the next of these, and remembers what was asked. */
function person(id: string, ...answers: ApproverAnswer[]): Approver & { seen: ApprovalRequest[] } {
  const seen: ApprovalRequest[] = [];
  return {
    name: `prompt of ${id}`,
    voter: { id },
    seen,
    ask(request) {
      seen.push(request);
      return answers[Math.min(seen.length, answers.length) - 1] ?? 'deny';
    },
  };
}

describe('an edit', () => {
  it('runs the edited arguments, and the log says who edited what', async () => {
    const { guard, pay, runs } = payments(one, { approver: person('bob', edit({ cents: 300 })) });
    expect(await pay()).toBe('paid');
    expect(runs).toEqual([{ to: 'DE1', cents: 300, note: '' }]);
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.edited',
      'tool.allow',
      'tool.outcome ok',
    ]);
    const [asked, edited, allowed] = await entriesOf(guard);
    expect(edited).toMatchObject({ actor: 'bob', votes: [{ edited: { cents: 300 } }] });
    expect(allowed).toMatchObject({
      args: { cents: 300 },
      votes: [{ voter: 'bob', edited: { cents: 300 }, digest: edited?.digest }],
    });
    expect(allowed?.digest).not.toBe(asked?.digest);
    await expectVerified(guard);
  });

  it('is shown to the others before they agree, and counts for who made it', async () => {
    const bob = person('bob', edit({ cents: 300 }), 'deny');
    const carol = person('carol', 'approve');
    const { pay, runs } = payments(both, { approver: [bob, carol] });
    expect(await pay()).toBe('paid');
    expect(runs).toEqual([{ to: 'DE1', cents: 300, note: '' }]);
    expect(bob.seen).toHaveLength(1);
    expect(carol.seen.at(-1)).toMatchObject({
      args: { to: 'DE1', cents: 300 },
      votes: [{ voter: 'bob', edited: { cents: 300 } }],
    });
    expect(carol.seen.at(-1)?.digest).not.toBe(bob.seen[0]?.digest);
  });

  it('takes back what others agreed to before', async () => {
    let agreed = (): void => undefined;
    const afterCarol = new Promise<void>((resolve) => {
      agreed = resolve;
    });
    const store = memoryApprovals();
    const approvals = {
      ...store,
      vote: (...given: Parameters<typeof store.vote>) => {
        const result = store.vote(...given);
        agreed();
        return result;
      },
    };
    const carol = person('carol', 'approve', 'deny');
    const bob: Approver = {
      name: 'prompt of bob',
      voter: { id: 'bob' },
      ask: async () => {
        await afterCarol;
        return { verdict: 'approve', edited: { cents: 499 } };
      },
    };
    const { pay, runs } = payments(both, { approvals, approver: [bob, carol] });
    await expectRefusal(() => pay(), 'approval_denied');
    expect(carol.seen.map(({ args }) => (args as { cents: number }).cents)).toEqual([500, 499]);
    expect(runs).toEqual([]);
  });

  it('is decided on again before anybody else is asked', async () => {
    const bob = person('bob', edit({ cents: 9000 }));
    const carol = person('carol', { verdict: 'abstain' });
    const policy: PolicyFunction = (call, context) =>
      (call.args as { cents: number }).cents > 1000 ? 'deny' : both(call, context);
    const { pay, runs, guard } = payments(policy, { approver: [bob, carol] });
    await expectRefusal(() => pay(), 'denied');
    expect(carol.seen.length).toBeLessThanOrEqual(1);
    expect(runs).toEqual([]);
    expect((await storyOf(guard)).at(-1)).toBe('tool.deny denied');
  });

  it.each<readonly [string, ApproverAnswer]>([
    ['another field than the rule lets change', edit({ to: 'XX9' })],
    ['that and an editable one', edit({ cents: 1, to: 'XX9' })],
    ['a field that is not there', edit({ currency: 'EUR' })],
    ['no field at all', edit({})],
  ])('of %s runs nothing', async (_what, answer) => {
    const { pay, runs, approvals } = payments(one, { approver: person('bob', answer) });
    await expectRefusal(() => pay(), 'approval_invalid');
    expect(runs).toEqual([]);
    expect(await approvals.list({})).toMatchObject([{ state: 'cancelled' }]);
  });

  it('that the schema refuses runs nothing', async () => {
    const { pay, runs } = payments(one, { approver: person('bob', edit({ cents: -5 })) });
    await expectRefusal(() => pay(), 'args_invalid');
    expect(runs).toEqual([]);
  });

  it('that the schema or the sandbox reads as something else runs nothing', async () => {
    const trimming = z.object({ to: z.string(), cents: z.int(), note: z.string().trim() });
    const trimmed = payments(one, { approver: person('bob', edit({ note: ' x ' })) });
    await expectRefusal(
      () =>
        trimmed.guard.call(
          { tool: 'pay', schema: trimming, args: { to: 'DE1', cents: 1, note: '' } },
          () => 'ran',
        ),
      'approval_invalid',
    );
    const halving = {
      ...noSandbox(),
      confine: ({ confined }: { confined: unknown }) => {
        const { cents, ...rest } = confined as { cents: number };
        return { args: { ...rest, cents: Math.min(cents, 400) } };
      },
    };
    const confined = payments(one, {
      approver: person('bob', edit({ cents: 450 })),
      sandbox: halving,
    });
    await expectRefusal(() => confined.pay(), 'approval_invalid');
    expect(confined.runs).toEqual([]);
  });

  it.each<readonly [string, unknown]>([
    ['a list', { verdict: 'approve', edited: ['cents'] }],
    ['a text', { verdict: 'approve', edited: 'cents' }],
    ['part of a denial', { verdict: 'deny', edited: { cents: 1 } }],
    ['misspelt', { verdict: 'approve', edit: { cents: 1 } }],
  ])('that is %s is no answer', async (_what, answer) => {
    const { pay, runs } = payments(one, { approver: person('bob', answer as ApproverAnswer) });
    await expectRefusal(() => pay(), 'approval_required');
    expect(runs).toEqual([]);
  });

  it('lends nothing from a prototype', async () => {
    const inherited = Object.create({ edited: { cents: 1 } }) as Record<string, unknown>;
    const { pay, runs } = payments(one, {
      approver: person('bob', Object.assign(inherited, { verdict: 'approve' }) as ApproverAnswer),
    });
    await pay();
    expect(runs).toMatchObject([{ cents: 500 }]);
  });
});
