import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

import {
  entriesOf,
  expectRefusal,
  never,
  refusalOf,
  storyOf,
  turn,
  until,
} from '../test/harness.ts';
import type { Approval, ApprovalStore, Vote } from './approvals/approval.ts';
import type { Approver, ApproverAnswer } from './approvals/approver.ts';
import { editOf } from './approvals/edit.ts';
import type { GrantOffer } from './approvals/grant.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { CallContext } from './call.ts';
import { GuardError } from './errors.ts';
import { createGuard, type Guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { PolicyAnswer } from './policy/policy.ts';
import { createRedactor } from './redact.ts';

const HOUR = 3_600_000;
const alice: CallContext = { principal: { id: 'alice', tenant: 'acme' }, session: 's1' };

const byBob: PolicyAnswer = {
  effect: 'ask',
  requirements: {
    votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }],
    editable: ['cents', 'note', 'extra', 'when'],
  },
};
const granting: PolicyAnswer = {
  effect: 'ask',
  rule: 'asks',
  requirements: { grants: ['session', 'always'] },
};

function person(id: string, ...answers: ApproverAnswer[]): Approver & { asked: number } {
  return {
    name: `prompt of ${id}`,
    voter: { id },
    asked: 0,
    ask() {
      this.asked += 1;
      return answers[this.asked - 1] ?? 'deny';
    },
  };
}

function server(options: Partial<GuardOptions> = {}, spec: object = {}) {
  const approvals = options.approvals ?? memoryApprovals();
  const guard = createGuard({ policy: () => byBob, context: alice, ...options, approvals });
  const runs: unknown[] = [];
  const body = (args: unknown): string => {
    runs.push(args);
    return 'ran';
  };
  const call = async (args: unknown, more: object = {}, to: Guard = guard) =>
    to.call({ tool: 'pay', args, ...spec, ...more }, body);
  return { approvals, guard, runs, body, call };
}

async function one(store: ApprovalStore): Promise<Approval> {
  const [approval] = await store.list({});
  if (approval === undefined) throw new Error('there is none');
  return approval;
}

async function vote(store: ApprovalStore, aid: string, more: Partial<Vote> = {}) {
  const approval = await store.get(aid);
  if (approval === undefined) throw new Error('there is none');
  const { version, bindings } = approval;
  const given: Vote = { verdict: 'approve', voter: 'bob', channel: 'cli', digest: bindings.digest };
  return store.vote(aid, { ...given, ...more }, version);
}

describe('an edit', () => {
  it('is what the approval shows, also where it takes a value away', async () => {
    const { approvals, call } = server({ asks: 'suspend' });
    await refusalOf(() => call({ cents: 5, note: 'refund it' }));
    const before = await one(approvals);
    const edit = editOf(before, { note: undefined }, { channel: 'x' }, createRedactor());
    expect(edit.shown).toEqual({ cents: 5 });
  });

  it.each<readonly [string, () => unknown]>([
    [
      'an accessor',
      () => ({
        get deep() {
          throw new Error('looked at');
        },
      }),
    ],
    ['a function', () => () => 1],
    ['a class', () => new Error('odd')],
    ['a symbol', () => Symbol('x')],
    ['a prototype key', () => JSON.parse('{"__proto__":{"admin":true}}') as unknown],
    [
      'a cycle',
      () => {
        const o: Record<string, unknown> = {};
        o['o'] = o;
        return o;
      },
    ],
  ])('that holds %s runs nothing, and says what is wrong with it', async (_what, value) => {
    const bob = person('bob', { verdict: 'approve', edited: { note: value() } });
    const { approvals, call, runs } = server({ approver: bob });
    await expectRefusal(() => call({ cents: 5 }), 'args_unsupported');
    expect(runs).toEqual([]);
    expect((await one(approvals)).state).toBe('cancelled');
  });

  it.each(['alice', 'mallory'])(
    'by %s, whose approval would not count, runs nothing',
    async (id) => {
      const other = person(id, { verdict: 'approve', edited: { cents: 9 } });
      const bob: Approver = { name: 'bob', voter: { id: 'bob' }, ask: () => never() };
      const { approvals, call, runs } = server({ approver: [other, bob] });
      await expectRefusal(() => call({ cents: 5 }), 'approval_invalid');
      expect(await one(approvals)).toMatchObject({ state: 'cancelled', shown: { cents: 5 } });
      expect(runs).toEqual([]);
    },
  );

  it('that is too large runs nothing', async () => {
    const bob = person('bob', { verdict: 'approve', edited: { note: 'x'.repeat(20_000) } });
    const { call, runs } = server({ approver: bob, argumentLimits: { size: 10_000 } });
    await expectRefusal(() => call({ cents: 5 }), 'args_too_large');
    expect(runs).toEqual([]);
  });

  it('runs as it was approved although its author keeps changing it', async () => {
    const when = new Date(1);
    const nested = { to: 'DE1' };
    const bob: Approver = {
      name: 'bob',
      voter: { id: 'bob' },
      ask: () => ({ verdict: 'approve', edited: { when, note: nested } }),
    };
    const memory = memoryApprovals();
    const approvals: ApprovalStore = {
      ...memory,
      edit: (...given) => {
        const result = memory.edit(...given);
        when.setTime(2);
        nested.to = 'XX9';
        return result;
      },
      consume: (...given) => {
        when.setTime(1);
        nested.to = 'DE1';
        return memory.consume(...given);
      },
    };
    const { call, runs } = server({ approver: bob, approvals });
    await call({ cents: 5 });
    expect(runs).toEqual([{ cents: 5, when: new Date(1), note: { to: 'DE1' } }]);
  });

  it('whose values change in the store before it runs, and back again, runs nothing', async () => {
    const value = { to: 'DE1' };
    const approvals = memoryApprovals();
    const policy = (): PolicyAnswer => {
      value.to = 'DE1';
      return byBob;
    };
    const { call, runs, guard, body } = server({ asks: 'suspend', approvals, policy });
    await refusalOf(() => call({ cents: 5 }));
    const before = await one(approvals);
    const edit = editOf(before, { note: value }, { voter: 'bob', channel: 'x' }, createRedactor());
    expect(await approvals.edit(before.aid, edit, before.version)).toMatchObject({ ok: true });
    value.to = 'XX9';
    await expectRefusal(() => guard.resume(before.aid, body), 'approval_invalid');
    expect(runs).toEqual([]);
  });

  it('of another field runs a remark as it was shown, or not at all', async () => {
    const schema = z.object({
      cents: z.number(),
      remark: z.string().transform((text) => `${text}!`),
    });
    const bob = person('bob', { verdict: 'approve', edited: { cents: 3 } });
    const { call, runs } = server({ approver: bob }, { schema, cosmetic: ['remark'] });
    await expectRefusal(() => call({ cents: 5, remark: 'a' }), 'approval_invalid');
    expect(runs).toEqual([]);
  });

  it.each<readonly [string, unknown]>([
    ['a text', 'ls'],
    ['a list', [1, 2]],
    ['a map', new Map([['cents', 5]])],
    ['nothing', undefined],
  ])('of fields runs nothing where the arguments are %s', async (_what, args) => {
    const bob = person('bob', { verdict: 'approve', edited: { cents: 3 } });
    const { call, runs } = server({ approver: bob });
    await expectRefusal(() => call(args), 'approval_invalid');
    expect(runs).toEqual([]);
  });

  it('from elsewhere is shown to who answered at the same moment, whose answer was to something else', async () => {
    const memory = memoryApprovals();
    let edited = false;
    // Says nothing of its own accord, as another process's file does for up to a second.
    const approvals: ApprovalStore = { ...memory, subscribe: () => () => undefined };
    const both: PolicyAnswer = {
      effect: 'ask',
      requirements: {
        votes: [
          { kind: 'approvers', by: ['bob'], quorum: 1 },
          { kind: 'approvers', by: ['carol'], quorum: 1 },
        ],
        editable: ['cents'],
      },
    };
    const seen: unknown[] = [];
    const bob: Approver = {
      name: 'bob',
      voter: { id: 'bob' },
      async ask(request) {
        seen.push(request.args);
        if (!edited) {
          edited = true;
          await turn();
          const now = (await memory.get(request.aid)) as Approval;
          const edit = editOf(
            now,
            { cents: 3 },
            { voter: 'carol', channel: 'x' },
            createRedactor(),
          );
          await memory.edit(now.aid, edit, now.version);
        }
        return 'approve';
      },
    };
    const { call, runs } = server({ approver: bob, approvals, asks: 'wait', policy: () => both });
    expect(await call({ cents: 5 })).toBe('ran');
    expect(seen).toEqual([{ cents: 5 }, { cents: 3 }]);
    expect(runs).toEqual([{ cents: 3 }]);
  });
});

describe('a secret', () => {
  const SECRET = 'sk-live-1234567890abcdef1234567890';

  it('that somebody types into an edit is shown to nobody who did not have it revealed', async () => {
    const policy = (): PolicyAnswer => ({
      effect: 'ask',
      reason: `it pays with ${SECRET}`,
      requirements: {
        votes: [
          { kind: 'approvers', by: ['bob'], quorum: 1 },
          { kind: 'approvers', by: ['carol'], quorum: 1 },
        ],
        editable: ['apiKey'],
      },
    });
    const asked: string[] = [];
    const carol: Approver = {
      name: 'prompt of carol',
      voter: { id: 'carol' },
      ask(request) {
        asked.push(JSON.stringify(request));
        if (request.votes.length === 0) return { verdict: 'abstain' };
        return request.reveal().then(() => 'approve' as const);
      },
    };
    const bob = person('bob', { verdict: 'approve', edited: { apiKey: SECRET } });
    const { approvals, guard, call, runs } = server({ policy, approver: [bob, carol] });
    await call({ cents: 5, apiKey: null });
    expect(runs).toEqual([{ cents: 5, apiKey: SECRET }]);
    expect(asked.join()).not.toContain(SECRET);
    expect(asked.at(-1)).toContain('"edited":{"apiKey":"[redacted]"}');
    const { args, edited, ...shown } = await one(approvals);
    expect([args, edited?.fields]).toEqual([{ cents: 5, apiKey: null }, { apiKey: SECRET }]);
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(JSON.stringify(await entriesOf(guard))).not.toContain(SECRET);
  });
});

describe('a polluted prototype', () => {
  it.each<readonly [string, ApproverAnswer]>([
    ['an approval', 'approve'],
    ['an edit', { verdict: 'approve', edited: { cents: 3 } }],
  ])('lends %s of nobody no voter', async (_what, answer) => {
    const approver: Approver = { name: 'callback', ask: () => answer };
    const { call, runs } = server({ approver, context: {} });
    const prototype = Object.prototype as { voter?: string; roles?: string[]; revealed?: boolean };
    try {
      prototype.voter = 'bob';
      await refusalOf(() => call({ cents: 5 }));
    } finally {
      delete prototype.voter;
    }
    expect(runs).toEqual([]);
  });
});

describe('a tool with remarks', () => {
  it.each<readonly [string, unknown, unknown]>([
    ['texts', 'ls', 'rm -rf /'],
    ['maps', new Map([['a', 1]]), new Map([['a', 2]])],
    ['dates', new Date(1), new Date(2)],
    ['nothing', undefined, 'rm'],
  ])('tells %s apart', async (_what, first, second) => {
    const { approvals, call } = server({ asks: 'suspend' }, { cosmetic: ['note'] });
    await refusalOf(() => call(first));
    await refusalOf(() => call(second));
    const [a, b] = await approvals.list({});
    expect(b?.bindings.digest).not.toBe(a?.bindings.digest);
  });
});

describe('a standing grant', () => {
  const ask = (
    grant: GrantOffer,
  ): Partial<GuardOptions> & { approver: Approver & { asked: number } } => {
    const approver: Approver & { asked: number } = {
      name: 'prompt',
      asked: 0,
      ask() {
        this.asked += 1;
        return this.asked === 1 ? { verdict: 'approve', grant } : 'deny';
      },
    };
    return { policy: () => granting, approver };
  };

  it.each<readonly [string, unknown]>([
    ['a call with arguments', { force: true }],
    ['a text', 'rm -rf /'],
    ['a list', ['x']],
    ['a map', new Map([['force', true]])],
  ])('for a call without arguments does not answer %s', async (_what, args) => {
    const options = ask({ scope: 'always', fields: [], expiresMs: HOUR });
    const { call } = server(options);
    await call({});
    await call({});
    expect(options.approver.asked).toBe(1);
    await expectRefusal(() => call(args), 'approval_denied');
    expect(options.approver.asked).toBe(2);
  });

  it.each<readonly [string, unknown]>([
    ['a text', 'ls'],
    ['a map', new Map([['force', false]])],
    ['a list', ['ls']],
  ])(
    'cannot be given where the arguments are %s, of which no field can be named',
    async (_what, args) => {
      const options = ask({ scope: 'always', fields: [], expiresMs: HOUR });
      const { call, runs } = server(options);
      await expectRefusal(() => call(args), 'approval_invalid');
      expect(runs).toEqual([]);
    },
  );

  it.each<readonly [string, unknown, unknown]>([
    ['null', null, undefined],
    ['undefined', undefined, null],
    ['0', 0, -0],
    ['é', '\u00e9', 'e\u0301'],
    ['a date', new Date(1), { $date: 1 }],
  ])('for %s is none for what only looks the same', async (_what, given, later) => {
    const options = ask({ scope: 'always', fields: ['to'], expiresMs: HOUR });
    const { call } = server(options);
    await call({ to: given });
    await expectRefusal(() => call({ to: later }), 'approval_denied');
  });

  it('answers nobody where nobody says on whose behalf the call is made', async () => {
    const options = ask({ scope: 'always', fields: ['to'], expiresMs: HOUR });
    const { call } = server({ ...options, context: {} });
    await refusalOf(() => call({ to: 'bob' }));
    await refusalOf(() => call({ to: 'bob' }));
    expect(options.approver.asked).toBe(2);
  });

  it('of one tool is none for the tool of that name from elsewhere, or with another schema', async () => {
    const options = ask({ scope: 'always', fields: ['to'], expiresMs: HOUR });
    const { call } = server(options);
    await call({ to: 'bob' }, { definition: () => ({ v: 1 }) });
    for (const other of [
      {},
      { source: 'mcp' },
      { description: 'x' },
      { definition: () => ({ v: 2 }) },
    ]) {
      await expectRefusal(() => call({ to: 'bob' }, other), 'approval_denied');
    }
    await call({ to: 'bob' }, { definition: () => ({ v: 1 }) });
    expect(options.approver.asked).toBe(5);
  });

  it('given on edited arguments holds for those', async () => {
    const approver: Approver & { asked: number } = {
      name: 'prompt',
      asked: 0,
      ask() {
        this.asked += 1;
        return this.asked === 1
          ? {
              verdict: 'approve',
              edited: { to: 'carol' },
              grant: { scope: 'always', fields: ['to'], expiresMs: HOUR },
            }
          : 'deny';
      },
    };
    const policy = (): PolicyAnswer => ({
      effect: 'ask',
      rule: 'asks',
      requirements: { grants: ['always'], editable: ['to'] },
    });
    const { call, runs } = server({ policy, approver });
    await call({ to: 'bob' });
    await call({ to: 'carol' });
    await expectRefusal(() => call({ to: 'bob' }), 'approval_denied');
    expect(runs).toEqual([{ to: 'carol' }, { to: 'carol' }]);
  });

  it('is found among hundreds', async () => {
    let asked = 0;
    const approver: Approver = {
      name: 'prompt',
      ask() {
        asked += 1;
        return { verdict: 'approve', grant: { scope: 'always', fields: ['n'], expiresMs: HOUR } };
      },
    };
    const { call } = server({ policy: () => granting, approver });
    for (let n = 0; n < 300; n += 1) await call({ n });
    for (let n = 0; n < 300; n += 1) await call({ n });
    expect(asked).toBe(300);
  });
});

describe('one person', () => {
  it('who answers the same again and again is counted and written down once', async () => {
    const { approvals, guard, body } = server();
    const tool = guard.tool({ name: 'pay' });
    const input = { args: { cents: 5 }, id: 'c1' };
    await tool.open(input);
    const answer = { channel: 'chat', verdict: 'approve' } as const;
    for (let again = 0; again < 5; again += 1) {
      await expectRefusal(async () => tool.run({ ...input, answer }, body), 'approval_required');
    }
    expect((await one(approvals)).votes).toHaveLength(1);
    expect((await storyOf(guard)).filter((line) => line === 'approval.approve')).toHaveLength(1);
  });
});

describe('an answer through a framework', () => {
  const confirmed: PolicyAnswer = {
    effect: 'ask',
    requirements: {
      votes: [{ kind: 'confirm' }, { kind: 'approvers', by: ['bob'], quorum: 1 }],
      editable: ['cents'],
    },
  };

  async function edited() {
    const { approvals, guard, body, runs } = server({ policy: () => confirmed });
    const tool = guard.tool({ name: 'pay' });
    const input = { args: { cents: 5 }, id: 'c1' };
    await tool.open(input);
    const before = await one(approvals);
    const edit = editOf(before, { cents: 9 }, { voter: 'bob', channel: 'x' }, createRedactor());
    await approvals.edit(before.aid, edit, before.version);
    const answer = (verdict: 'approve' | 'deny') => ({ channel: 'chat', verdict }) as const;
    return { approvals, tool, input, body, runs, answer };
  }

  it('to what was edited since is none: nobody saw there what it became', async () => {
    const { approvals, tool, input, body, runs, answer } = await edited();
    const approve = { ...input, answer: answer('approve') };
    await expectRefusal(async () => tool.vote(approve), 'approval_invalid');
    await expectRefusal(async () => tool.run(approve, body), 'approval_invalid');
    expect(runs).toEqual([]);
    const { aid } = await one(approvals);
    expect(await vote(approvals, aid, { voter: 'alice' })).toMatchObject({ ok: true });
    expect(await tool.run({ ...input, answer: 'voted' }, body)).toBe('ran');
    expect(runs).toEqual([{ cents: 9 }]);
  });

  it('is not needed where others have approved what it became', async () => {
    const { approvals, guard, body, runs } = server();
    const tool = guard.tool({ name: 'pay' });
    const input = { args: { cents: 5 }, id: 'c1' };
    await tool.open(input);
    const before = await one(approvals);
    const edit = editOf(before, { cents: 9 }, { voter: 'bob', channel: 'x' }, createRedactor());
    await approvals.edit(before.aid, edit, before.version);
    await tool.run({ ...input, answer: { channel: 'chat', verdict: 'approve' } }, body);
    expect(runs).toEqual([{ cents: 9 }]);
  });

  it('denies it all the same', async () => {
    const { tool, input, body, answer } = await edited();
    const deny = { ...input, answer: answer('deny') };
    await expectRefusal(async () => tool.run(deny, body), 'approval_denied');
  });
});

describe('a call that comes again under its own id', () => {
  it.each<readonly [string, CallContext]>([
    ['somebody', alice],
    ['nobody', {}],
  ])('on behalf of %s is told what became of its approval', async (_who, context) => {
    const { approvals, guard, call, runs } = server({ asks: 'suspend', context });
    const again = (): Promise<unknown> => call({ cents: 5 }, { id: 'c1' });
    const first = await expectRefusal(again, 'approval_required');
    const second = await expectRefusal(again, 'approval_required');
    expect(second.aid).toBe(first.aid);
    expect(await approvals.list({})).toHaveLength(1);
    await vote(approvals, (await one(approvals)).aid);
    expect(await again()).toBe('ran');
    await expectRefusal(again, 'approval_consumed');
    expect(runs).toHaveLength(1);
    const asks = (await entriesOf(guard)).filter(({ action }) => action === 'tool.ask');
    expect(asks.map(({ aid }) => aid)).toEqual([first.aid]);
  });
});

describe('a resume', () => {
  async function open(options: Partial<GuardOptions> = {}) {
    const set = server({ asks: 'suspend', ...options });
    await refusalOf(() => set.call({ cents: 5 }));
    const { aid } = await one(set.approvals);
    return { ...set, aid };
  }

  it('by twenty callers at once runs once', async () => {
    const { approvals, guard, aid, body, runs } = await open();
    await vote(approvals, aid);
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => guard.resume(aid, body)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(runs).toHaveLength(1);
  });

  it.each<readonly [string, CallContext]>([
    ['another person', { principal: { id: 'eve', tenant: 'acme' } }],
    ['another tenant', { principal: { id: 'alice', tenant: 'evil' } }],
    ['nobody', { principal: undefined }],
    ['another session', { session: 's2' }],
    ['another agent', { agent: 'a2' }],
  ])('by %s runs nothing, and leaves the approval as it was', async (_who, context) => {
    const { approvals, guard, aid, body, runs } = await open();
    await vote(approvals, aid);
    await expectRefusal(() => guard.with(context).resume(aid, body), 'approval_unknown');
    expect((await one(approvals)).state).toBe('approved');
    expect(runs).toEqual([]);
  });

  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['an object', {}],
    ['an empty id', ''],
    ['a hostile id', "'; DROP TABLE approval; --\u0000\u202e"],
  ])('of %s is refused', async (_what, aid) => {
    const { guard, body } = await open();
    await expectRefusal(() => guard.resume(aid as string, body), 'approval_unknown');
  });

  it('that was aborted, or after the guard was closed, uses nothing up', async () => {
    const { approvals, guard, aid, body } = await open();
    await vote(approvals, aid);
    const signal = AbortSignal.abort();
    await expectRefusal(() => guard.with({ signal }).resume(aid, body), 'aborted');
    await guard.close();
    await expectRefusal(() => guard.resume(aid, body), 'closed');
    expect((await one(approvals)).state).toBe('approved');
  });

  it('that the framework demands more of is asked again', async () => {
    const { approvals, guard, aid, body, runs } = await open();
    await vote(approvals, aid);
    const demands: PolicyAnswer[] = [{ effect: 'ask' }];
    await refusalOf(() => guard.resume(aid, body, { demands }));
    expect(runs).toEqual([]);
    await expectRefusal(
      () => guard.resume(aid, body, { demands: [{ effect: 'deny' }] }),
      'denied',
    ).catch(() => undefined);
    expect(runs).toEqual([]);
  });

  it('of what was cancelled, denied or expired says which', async () => {
    let now = Date.now();
    const store = memoryApprovals({ clock: () => now });
    const a = await open({ approvals: store });
    await store.cancel(a.aid);
    await expectRefusal(() => a.guard.resume(a.aid, a.body), 'approval_denied');
    await refusalOf(() => a.call({ cents: 6 }));
    const second = (await store.list({})).at(-1)?.aid ?? '';
    await vote(store, second, { verdict: 'deny' });
    await expectRefusal(() => a.guard.resume(second, a.body), 'approval_denied');
    await refusalOf(() => a.call({ cents: 7 }));
    const third = (await store.list({})).at(-1)?.aid ?? '';
    await vote(store, third);
    now += 2 * HOUR;
    await expectRefusal(() => a.guard.resume(third, a.body), 'approval_expired');
    expect(a.runs).toEqual([]);
  });
});

describe('a store', () => {
  const lies: ReadonlyArray<readonly [string, (approval: Approval) => unknown]> = [
    ['another aid', (a) => ({ ...a, aid: 'aid_other' })],
    ['a version that is none', (a) => ({ ...a, version: Number.NaN })],
    ['a state of its own', (a) => ({ ...a, state: 'fine' })],
    ['no expiry', (a) => ({ ...a, expiresAt: Number.NaN })],
    ['no lifetime', (a) => ({ ...a, expiresMs: Number.NaN })],
    ['requirements that are none', (a) => ({ ...a, requirements: null })],
    ['bindings of somebody else', (a) => ({ ...a, bindings: { ...a.bindings, principal: 'eve' } })],
    ['nothing', () => undefined],
    ['a text', () => 'approved'],
    ['no votes', (a) => ({ ...a, state: 'approved', votes: [] })],
    ['a vote of a null', (a) => ({ ...a, state: 'approved', votes: [null] })],
    ['edited arguments that nobody wrote', (a) => ({ ...a, edited: 5 })],
    [
      'an edit of everything',
      (a) => ({
        ...a,
        state: 'approved',
        edited: { of: a.bindings.digest, fields: { to: 'XX9' } },
      }),
    ],
  ];
  const methods = ['create', 'get', 'vote', 'edit', 'consume'] as const;
  it.each(methods.flatMap((method) => lies.map(([what, lie]) => ({ method, what, lie }))))(
    'whose $method() answers $what runs nothing it should not, with a coded error',
    async ({ method, lie }) => {
      const memory = memoryApprovals();
      const approvals: ApprovalStore = {
        ...memory,
        [method]: (...given: never[]) => {
          const real = (memory[method] as (...all: never[]) => unknown)(...given);
          if (method === 'create' || method === 'get') return lie(real as Approval);
          const result = real as { ok: boolean; approval: Approval };
          return result.ok ? { ok: true, approval: lie(result.approval) } : result;
        },
      };
      const bob = person(
        'bob',
        method === 'edit' ? { verdict: 'approve', edited: { cents: 5 } } : 'approve',
      );
      const { call, runs } = server({ approver: bob, approvals, approvalTimeoutMs: 500 });
      let answer: unknown;
      try {
        answer = await call({ cents: 5 });
      } catch (error) {
        expect(error).toBeInstanceOf(GuardError);
      }
      expect(runs).toHaveLength(answer === 'ran' ? 1 : 0);
      if (answer === 'ran') {
        expect(runs).toEqual([{ cents: 5 }]);
        expect((await one(memory)).votes).toMatchObject([{ voter: 'bob', verdict: 'approve' }]);
      }
    },
  );

  const faults = ['create', 'get', 'find', 'vote', 'edit', 'consume', 'cancel', 'list'] as const;
  const ways = [
    [
      'throws',
      () => {
        throw new Error('gone');
      },
    ],
    ['rejects', () => Promise.reject(new Error('gone'))],
    ['never answers', () => new Promise(() => undefined)],
  ] as const;
  it.each(faults.flatMap((method) => ways.map(([how, fault]) => ({ method, how, fault }))))(
    'whose $method() $how lets nothing run but what was approved, and a waiting call ends',
    async ({ method, fault }) => {
      const memory = memoryApprovals();
      let listeners = 0;
      const approvals: ApprovalStore = {
        ...memory,
        subscribe: (listener) => {
          listeners += 1;
          const undo = memory.subscribe?.(listener);
          return () => {
            listeners -= 1;
            undo?.();
          };
        },
        [method]: fault,
      };
      const bob = person(
        'bob',
        method === 'edit' ? { verdict: 'approve', edited: { cents: 4 } } : 'approve',
      );
      const { call, runs, guard } = server({
        approver: bob,
        approvals,
        asks: 'wait',
        approvalTimeoutMs: 300,
        storeTimeoutMs: 30,
      });
      try {
        await call({ cents: 5 });
        expect(await one(memory).catch(() => undefined)).toMatchObject({ state: 'consumed' });
      } catch (error) {
        expect(error).toMatchObject({ name: 'GuardError', code: 'approval_store_error' });
        expect(runs).toEqual([]);
      }
      await guard.close();
      expect(listeners).toBe(0);
    },
  );
});

describe('a call that waits', () => {
  function watched(memory = memoryApprovals()) {
    const listeners = new Set<() => void>();
    const approvals: ApprovalStore = {
      ...memory,
      subscribe: (listener) => {
        const undo = memory.subscribe?.(listener) ?? ((): void => undefined);
        listeners.add(undo);
        return () => {
          listeners.delete(undo);
          undo();
        };
      },
    };
    return { approvals, listeners, memory };
  }

  it('and is aborted listens to nothing any more, neither to the store nor to the signal', async () => {
    const { approvals, listeners, memory } = watched();
    const { call, runs } = server({ approvals, asks: 'wait' });
    const controller = new AbortController();
    const { signal } = controller;
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const waiting = call({ cents: 5 }, { context: { signal } });
    await until(() => listeners.size === 1);
    controller.abort();
    await expectRefusal(() => waiting, 'aborted');
    expect(listeners.size).toBe(0);
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
    expect((await one(memory)).state).toBe('cancelled');
    expect(runs).toEqual([]);
  });

  it.each<readonly [string, ApprovalStore['subscribe']]>([
    [
      'throws',
      () => {
        throw new Error('gone');
      },
    ],
    ['gives no undo', (() => undefined) as never],
    [
      'tells at once',
      (listener) => {
        listener();
        return () => undefined;
      },
    ],
    [
      'tells of something that is no id',
      (listener) => {
        listener(5 as never);
        listener(null as never);
        return () => undefined;
      },
    ],
  ])(
    'on a store whose subscribe() %s runs what is approved or refuses with a coded error',
    async (_how, subscribe) => {
      const approvals: ApprovalStore = { ...memoryApprovals(), subscribe };
      const bob = person('bob', 'approve');
      const { call, runs } = server({
        approvals,
        asks: 'wait',
        approver: bob,
        approvalTimeoutMs: 500,
      });
      try {
        await call({ cents: 5 });
        expect(runs).toHaveLength(1);
      } catch (error) {
        expect(error).toMatchObject({ code: 'approval_store_error' });
        expect(runs).toEqual([]);
      }
    },
  );

  it.each<readonly [string, CallContext]>([
    ['another person', { principal: { id: 'eve', tenant: 'acme' } }],
    ['another tenant', { principal: { id: 'alice', tenant: 'evil' } }],
    ['another session', { session: 's2' }],
    ['no session', { session: undefined }],
    ['another agent', { agent: 'a2' }],
    ['nobody', { principal: undefined }],
  ])('does not share its approval with the same call of %s', async (_who, context) => {
    const { approvals, listeners } = watched();
    const { call, guard, runs } = server({ approvals, asks: 'wait' });
    const first = call({ cents: 5 });
    await until(() => listeners.size === 1);
    const aid = (await one(approvals)).aid;
    const second = call({ cents: 5 }, {}, guard.with(context));
    await until(() => listeners.size === 2);
    await vote(approvals, aid);
    expect(await first).toBe('ran');
    const others = await approvals.list({ state: 'pending' });
    expect(others).toHaveLength(1);
    await vote(approvals, others[0]?.aid ?? '', { verdict: 'deny' });
    await expectRefusal(() => second, 'approval_denied');
    expect(runs).toHaveLength(1);
  });
});

describe('a store of grants', () => {
  it.each<readonly [string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('gone');
      },
    ],
    ['rejects', () => Promise.reject(new Error('gone'))],
    ['never answers', () => new Promise(() => undefined)],
    ['answers no list', () => ({})],
    ['answers a hole', () => [undefined]],
  ])('whose list() %s lets nothing run', async (_how, list) => {
    const memory = memoryApprovals();
    const { grants } = memory;
    if (grants === undefined) throw new Error('it keeps grants');
    const approvals: ApprovalStore = { ...memory, grants: { ...grants, list: list as never } };
    const { call, runs } = server({
      approvals,
      policy: () => granting,
      approver: () => 'approve',
      storeTimeoutMs: 20,
    });
    await expectRefusal(() => call({ to: 'bob' }), 'approval_store_error');
    expect(runs).toEqual([]);
  });

  it('that lists what does not hold answers nothing with it', async () => {
    const memory = memoryApprovals();
    const { grants } = memory;
    if (grants === undefined) throw new Error('it keeps grants');
    let change: object = {};
    const approvals: ApprovalStore = {
      ...memory,
      grants: {
        ...grants,
        list: async (filter) =>
          (await grants.list(filter)).map((grant) => ({ ...grant, ...change })),
      },
    };
    let asked = 0;
    const approver = (): ApproverAnswer => {
      asked += 1;
      return asked === 1
        ? { verdict: 'approve', grant: { scope: 'session', fields: ['to'], expiresMs: HOUR } }
        : 'deny';
    };
    const { call } = server({ approvals, policy: () => granting, approver });
    await call({ to: 'bob' });
    await call({ to: 'bob' });
    expect(asked).toBe(1);
    const changes: readonly object[] = [
      { tenant: 'evil' },
      { principal: 'eve' },
      { agent: 'x' },
      { session: 's2' },
      { rules: [] },
      { votes: [] },
      { votes: [{ verdict: 'deny', voter: 'alice' }] },
      { where: { to: 'sha256:0' } },
      { where: {} },
      { tool: { source: 'mcp', name: 'pay' } },
    ];
    for (change of changes) {
      await expectRefusal(() => call({ to: 'bob' }), 'approval_denied');
      // Denied a moment ago: another session's ask is another ask.
    }
    expect(asked).toBe(1 + changes.length);
  });
});
