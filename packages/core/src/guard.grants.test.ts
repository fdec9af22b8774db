import { describe, expect, it } from 'vitest';

import { entriesOf, expectRefusal, storyOf } from '../test/harness.ts';
import type { Approver, ApproverAnswer } from './approvals/approver.ts';
import type { GrantOffer } from './approvals/grant.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { CallContext } from './call.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { PolicyAnswer, PolicyFunction } from './policy/policy.ts';

const HOUR = 3_600_000;
const offer: GrantOffer = { scope: 'session', fields: ['to'], expiresMs: HOUR };
const always: GrantOffer = { ...offer, scope: 'always' };
const granting = (grant: GrantOffer): ApproverAnswer => ({ verdict: 'approve', grant });

const asking: PolicyAnswer = {
  effect: 'ask',
  rule: 'mail-asks',
  requirements: { grants: ['session', 'always'] },
};
const alice: CallContext = { principal: { id: 'alice', tenant: 'acme' }, session: 's1' };

function mails(options: Partial<GuardOptions> = {}, answers: ApproverAnswer[] = [granting(offer)]) {
  let now = Date.now();
  const approvals = memoryApprovals({ clock: () => now });
  let asked = 0;
  const approver: Approver = {
    name: 'prompt',
    ask: () => {
      asked += 1;
      return answers[asked - 1] ?? 'deny';
    },
  };
  const guard = createGuard({
    policy: () => asking,
    approvals,
    approver,
    context: alice,
    ...options,
  });
  const send = async (args: unknown = { to: 'bob', text: 'hi' }, context: CallContext = {}) =>
    guard.with(context).call({ tool: 'send', args }, () => 'sent');
  return {
    approvals,
    guard,
    send,
    asked: () => asked,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('a standing grant', () => {
  it('answers the same ask again, and every use is in the log under its id', async () => {
    const { approvals, guard, send, asked } = mails();
    await send();
    await send({ to: 'bob', text: 'something else' });
    expect(asked()).toBe(1);
    const [grant] = (await approvals.grants?.list({})) ?? [];
    expect(grant).toMatchObject({
      scope: 'session',
      session: 's1',
      principal: 'alice',
      tenant: 'acme',
      rules: ['mail-asks'],
      shown: { to: 'bob' },
    });
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'tool.allow',
      'grant.given',
      'tool.outcome ok',
      'tool.allow',
      'tool.outcome ok',
    ]);
    const used = (await entriesOf(guard)).findLast(({ action }) => action === 'tool.allow');
    expect(used).toMatchObject({ payload: { grant: grant?.gid }, rule: 'mail-asks' });
    expect(used?.aid).toBeUndefined();
  });

  it.each<readonly [string, unknown, CallContext]>([
    ['another value of a field that it is bound to', { to: 'eve', text: 'hi' }, {}],
    ['a call without that field', { text: 'hi' }, {}],
    ['another session', undefined, { session: 's2' }],
    ['another person', undefined, { principal: { id: 'eve', tenant: 'acme' } }],
    ['the same name in another tenant', undefined, { principal: { id: 'alice', tenant: 'evil' } }],
    ['another agent', undefined, { agent: 'other' }],
  ])('does not answer %s', async (_what, args, context) => {
    const { send, asked } = mails();
    await send();
    await expectRefusal(() => send(args, context), 'approval_denied');
    expect(asked()).toBe(2);
  });

  it('for always holds in every session, and for nobody else', async () => {
    const { send, asked } = mails({}, [granting(always)]);
    await send();
    await send(undefined, { session: 's2' });
    await send(undefined, { session: 's3' });
    expect(asked()).toBe(1);
    await expectRefusal(() => send(undefined, { principal: { id: 'eve' } }), 'approval_denied');
  });

  it('ends when its time is over, and when it is revoked', async () => {
    const first = mails();
    await first.send();
    first.pass(HOUR);
    await expectRefusal(() => first.send(), 'approval_denied');
    const second = mails();
    await second.send();
    const [grant] = (await second.approvals.grants?.list({})) ?? [];
    await second.approvals.grants?.revoke(grant?.gid ?? '');
    await expectRefusal(() => second.send(), 'approval_denied');
  });

  it.each<readonly [string, PolicyFunction]>([
    ['a denial', () => 'deny'],
    ['another rule that asks', () => ({ ...asking, rule: 'other' })],
    ['a rule that asks once', () => ({ effect: 'ask', rule: 'mail-asks' })],
    [
      'a rule that needs others by now',
      () => ({
        ...asking,
        requirements: {
          grants: ['session'],
          votes: [{ kind: 'approvers', by: ['boss'], quorum: 1 }],
        },
      }),
    ],
    [
      'a rule that offers other grants by now',
      () => ({ ...asking, requirements: { grants: ['always'] } }),
    ],
  ])('never answers %s', async (_what, later) => {
    let policy: PolicyFunction = () => asking;
    const { send } = mails({ policy: (call, context) => policy(call, context) });
    await send();
    policy = later;
    await expect(send()).rejects.toThrow();
  });

  it('never answers what a hook or the framework demands', async () => {
    const { guard, send } = mails();
    await send();
    const tool = guard.tool({ name: 'send' });
    const args = { to: 'bob', text: 'hi' };
    await expectRefusal(
      async () =>
        tool.run({ args, demands: [{ effect: 'ask', reason: 'needsApproval' }] }, () => 1),
      'approval_denied',
    );
    guard.hook({ preTool: () => ({ effect: 'ask' }) });
    await expectRefusal(() => send(), 'approval_denied');
  });

  it('is only given when everybody who had to agree wants the same', async () => {
    const requirements = {
      votes: [{ kind: 'approvers' as const, by: ['bob', 'carol'], quorum: 2 }],
      grants: ['session' as const],
    };
    const voting = (id: string, answer: ApproverAnswer): Approver => ({
      name: id,
      voter: { id },
      ask: () => answer,
    });
    const approver = (carol: ApproverAnswer): readonly Approver[] => [
      voting('bob', granting(offer)),
      voting('carol', carol),
    ];
    const policy: PolicyFunction = () => ({ ...asking, requirements });
    for (const carol of ['approve', granting({ ...offer, fields: ['text'] })] as const) {
      const alone = mails({ policy, approver: approver(carol) });
      await alone.send();
      expect(await alone.approvals.grants?.list({})).toEqual([]);
    }
    const agreed = mails({ policy, approver: approver(granting(offer)) });
    await agreed.send();
    expect(await agreed.approvals.grants?.list({})).toHaveLength(1);
  });

  it.each<readonly [string, unknown]>([
    ['bound to nothing', { ...offer, fields: [] }],
    ['bound to what is no field', { ...offer, fields: ['cc'] }],
    ['of an unknown scope', { ...offer, scope: 'forever' }],
    ['without an end', { ...offer, expiresMs: Infinity }],
    ['for longer than anybody remembers', { ...offer, expiresMs: 91 * 24 * HOUR }],
    ['with a field that nobody knows', { ...offer, principal: 'everybody' }],
    ['that is a text', 'always'],
  ])('%s is refused, and nothing runs', async (_what, grant) => {
    const { approvals, send } = mails({}, [granting(grant as GrantOffer)]);
    await expectRefusal(() => send(), 'approval_invalid');
    expect(await approvals.grants?.list({})).toEqual([]);
  });

  it('that cannot be kept leaves the call as it was', async () => {
    const store = memoryApprovals();
    const broken = {
      ...store,
      grants: {
        list: () => [],
        revoke: () => undefined,
        add: () => {
          throw new Error('full');
        },
      },
    };
    const { send, guard } = mails({ approvals: broken });
    expect(await send()).toBe('sent');
    expect((await storyOf(guard)).at(-1)).toBe('tool.outcome ok');
  });

  it('that cannot be read lets nothing run', async () => {
    const store = memoryApprovals();
    const broken = { ...store, grants: { ...store.grants, list: () => 'none' } };
    const { send } = mails({ approvals: broken as never });
    await expectRefusal(() => send(), 'approval_store_error');
  });
});
