import { join } from 'node:path';
import type { Voter } from '@guardstile/approvals';
import { type CallContext, isGuardError, memoryApprovals } from '@guardstile/core';
import type { ModelMessage } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { approve, converse, forge, resume, tamper } from '../conformance/ai-sdk/conversation.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { BOB, Payment, shopAt, type Shop } from './shop.ts';

// One server asks, somebody else votes through a connection of his own, another server goes on. After
// each attack the honest way runs the call once.

const CALL = { id: 'call-1', tool: 'pay', args: { to: 'DE1', amount: 500 } };

const shop = (): Shop => shopAt(join(temporaryDirectory(), 'approvals.db'));

async function codeOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return 'ran';
  } catch (error) {
    return isGuardError(error) ? error.code : 'another error';
  }
}

async function expectWhole({ guards }: Shop): Promise<void> {
  for (const { audit } of guards) expect(await audit?.verify()).toMatchObject({ ok: true });
}

/** A server asks through the SDK; what its client holds then, with the requester's yes. */
async function askedBy({ start }: Shop): Promise<ModelMessage[]> {
  return approve(await converse(start().tools, [CALL]));
}

describe('the requester’s answer to an ask that names others', () => {
  it('runs nothing before they have voted, and goes on once they have', async () => {
    const world = shop();
    const messages = await askedBy(world);
    for (let tries = 0; tries < 2; tries += 1) {
      expect(await resume(world.start().tools, messages)).toContain('1 of role:finance is missing');
    }
    expect(world.runs).toEqual([]);
    await world.vote(await world.open(), 'approve');
    expect(await resume(world.start().tools, messages)).toContain('paid');
    expect(await resume(world.start().tools, messages)).toContain('used already');
    expect(world.runs).toEqual([CALL.args]);
    await expectWhole(world);
  });

  // `countAnswer()` of core casts it again each time, so that a client makes the record and the log grow.
  it('is one vote, however often it is posted', async () => {
    const world = shop();
    const messages = await askedBy(world);
    for (let tries = 0; tries < 3; tries += 1) await resume(world.start().tools, messages);
    expect((await world.open()).votes).toHaveLength(1);
  });

  it.each<readonly [string, Voter, string]>([
    ['the requester, who is of finance too', { ...BOB, id: 'alice' }, 'own-request'],
    ['somebody without the role', { id: 'eve', roles: ['sales'], tenant: 'acme' }, 'not-named'],
    ['somebody named like the role', { id: 'role:finance', tenant: 'acme' }, 'not-named'],
    ['somebody of finance of another tenant', { ...BOB, tenant: 'evil' }, 'other-tenant'],
    ['somebody of finance of no tenant', { id: 'bob', roles: ['finance'] }, 'other-tenant'],
  ])('is not helped by a vote of %s', async (_, voter, reason) => {
    const world = shop();
    const messages = await askedBy(world);
    const open = await world.open();
    expect(await world.vote(open, 'approve', voter)).toMatchObject({ ok: false, reason });
    await resume(world.start().tools, messages);
    // Written into the store past the inbox, it counts no more than there.
    const { aid, version, bindings } = await world.open();
    await world.connect().vote(
      aid,
      {
        verdict: 'approve',
        voter: 'alice',
        roles: ['finance'],
        channel: 'web',
        digest: bindings.digest,
      },
      version,
    );
    await resume(world.start().tools, messages);
    expect(world.runs).toEqual([]);
    await world.vote(await world.open(), 'approve');
    await resume(world.start().tools, messages);
    expect(world.runs).toEqual([CALL.args]);
  });

  it.each<readonly [string, (text: string) => string, CallContext]>([
    ['other arguments', (text) => text.replaceAll('500', '50000'), {}],
    ['another creditor', (text) => text.replaceAll('DE1', 'XX9'), {}],
    ['another call', (text) => text.replaceAll('call-1', 'call-2'), {}],
    ['another session', (text) => text, { session: 'chat-2' }],
    ['another person', (text) => text, { principal: { id: 'eve', tenant: 'acme' } }],
    ['the one who approved', (text) => text, { principal: { id: 'bob', tenant: 'acme' } }],
    ['another tenant', (text) => text, { principal: { id: 'alice', tenant: 'evil' } }],
    ['another agent', (text) => text, { agent: 'other' }],
  ])('is of no use for %s, though finance has approved', async (_, change, context) => {
    const world = shop();
    const messages = await askedBy(world);
    await world.vote(await world.open(), 'approve');
    for (let tries = 0; tries < 2; tries += 1) {
      const { toolsFor } = world.start();
      expect(await resume(toolsFor(context), tamper(messages, change))).toContain('never opened');
    }
    expect(world.runs).toEqual([]);
    await resume(world.start().tools, messages);
    expect(world.runs).toEqual([CALL.args]);
    await expectWhole(world);
  });

  it('is of no use once they have denied, whatever the client says later', async () => {
    const world = shop();
    const messages = await askedBy(world);
    await world.vote(await world.open(), 'deny');
    for (let tries = 0; tries < 2; tries += 1) {
      expect(await resume(world.start().tools, messages)).toContain('a person denied it');
    }
    expect(world.runs).toEqual([]);
    const again = approve(await converse(world.start().tools, [{ ...CALL, id: 'call-2' }]));
    await world.vote(await world.open(), 'approve');
    await resume(world.start().tools, again);
    expect(world.runs).toEqual([CALL.args]);
  });

  it('is of no use once they have taken back what they had approved', async () => {
    const world = shop();
    const messages = await askedBy(world);
    const open = await world.open();
    await world.vote(open, 'approve');
    expect(await world.vote(open, 'deny')).toMatchObject({ ok: true });
    expect(await resume(world.start().tools, messages)).toContain('called off');
    expect(world.runs).toEqual([]);
  });

  it('runs what they changed, and nothing that the client changed to look like it', async () => {
    const world = shop();
    const messages = await askedBy(world);
    expect(await world.edit(await world.open(), { amount: 150 })).toMatchObject({ ok: true });
    for (const amount of ['150', '151']) {
      const changed = tamper(messages, (text) => text.replaceAll('500', amount));
      expect(await resume(world.start().tools, changed)).toContain('never opened');
    }
    expect(world.runs).toEqual([]);
    const text = await resume(world.start().tools, messages);
    expect(text).toContain('"type":"tool-result","toolCallId":"call-1"');
    expect(text).toContain('150');
    expect(world.runs).toEqual([{ to: 'DE1', amount: 150 }]);
    await resume(world.start().tools, messages);
    expect(world.runs).toHaveLength(1);
    await expectWhole(world);
  });

  it.each<readonly [string, z.ZodType]>([
    ['takes more by now', Payment.extend({ note: z.string().optional() })],
    [
      'makes something else of it by now',
      Payment.extend({ amount: z.number().transform((n) => n * 100) }),
    ],
    ['refuses it by now', Payment.extend({ amount: z.number().max(10) })],
  ])('is of no use for a tool that %s', async (_, schema) => {
    const world = shop();
    const messages = await askedBy(world);
    await world.vote(await world.open(), 'approve');
    for (let tries = 0; tries < 2; tries += 1) {
      await resume(world.start({}, schema).tools, messages).catch(() => undefined);
    }
    expect(world.runs).toEqual([]);
    await resume(world.start().tools, messages);
    expect(world.runs).toEqual([CALL.args]);
  });

  it('runs once on two servers that get it at the same moment, each time', async () => {
    const world = shop();
    const late = { policy: async () => Promise.resolve(financeAsks()) };
    const messages = approve(await converse(world.start(late).tools, [CALL]));
    await world.vote(await world.open(), 'approve');
    const servers = Array.from({ length: 4 }, () => world.start(late));
    await Promise.all(servers.map(({ tools }) => resume(tools, messages)));
    expect(world.runs).toEqual([CALL.args]);
    await expectWhole(world);
  });

  it('says of an ask that ran out that it ran out, and not that somebody refused', async () => {
    const world = shop();
    const messages = await askedBy(world);
    world.pass(60 * 60_000);
    const text = await resume(world.start().tools, messages);
    expect(text).toContain('expired before it was used; ask again');
    expect(text).not.toContain('denied');
    const approved = approve(await converse(world.start().tools, [CALL]));
    await world.vote(await world.open(), 'approve');
    world.pass(60 * 60_000);
    expect(await resume(world.start().tools, approved)).toContain('expired before it was used');
    expect(world.runs).toEqual([]);
  });

  it('finds nothing in a store of its own', async () => {
    const world = shop();
    const messages = await askedBy(world);
    await world.vote(await world.open(), 'approve');
    const alone = world.start({ approvals: memoryApprovals() });
    expect(await resume(alone.tools, messages)).toContain('never opened');
    expect(world.runs).toEqual([]);
  });
});

describe('a call that was left open', () => {
  const suspend = { asks: 'suspend' as const };

  /** A server whose agent is told that it stays open; its id. */
  async function leftOpenBy(world: Shop): Promise<{ readonly aid: string; readonly text: string }> {
    const text = JSON.stringify(await converse(world.start(suspend).tools, [CALL]));
    const { aid } = await world.open();
    expect(text).toContain(`it stays open as ${aid}`);
    expect(text).not.toContain('tool-approval-request');
    return { aid, text };
  }

  const body =
    ({ runs }: Shop) =>
    (args: unknown) =>
      runs.push(args);

  it('is resumed once, by another server, when it is approved', async () => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    const { guard } = world.start(suspend);
    expect(await codeOf(() => guard.resume(aid, body(world)))).toBe('approval_required');
    await world.vote(await world.open(), 'approve');
    expect(await codeOf(() => guard.resume(aid, body(world)))).toBe('ran');
    expect(await codeOf(() => guard.resume(aid, body(world)))).toBe('approval_consumed');
    expect(world.runs).toEqual([CALL.args]);
    await expectWhole(world);
  });

  it('runs once on four servers that resume it at the same moment', async () => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    await world.vote(await world.open(), 'approve');
    const servers = Array.from({ length: 4 }, () => world.start(suspend));
    const codes = await Promise.all(
      servers.map(({ guard }) => codeOf(() => guard.resume(aid, body(world)))),
    );
    expect(codes.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'approval_consumed'),
      'ran',
    ]);
    expect(world.runs).toEqual([CALL.args]);
  });

  it.each<readonly [string, CallContext]>([
    ['session', { session: 'chat-2' }],
    ['person', { principal: { id: 'eve', tenant: 'acme' } }],
    ['tenant', { principal: { id: 'alice', tenant: 'evil' } }],
    ['agent', { agent: 'other' }],
  ])('is not resumed by another %s', async (_, context) => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    await world.vote(await world.open(), 'approve');
    const { guard } = world.start(suspend);
    const theirs = guard.with(context);
    expect(await codeOf(() => theirs.resume(aid, body(world)))).toBe('approval_unknown');
    expect(world.runs).toEqual([]);
    expect(await codeOf(() => guard.resume(aid, body(world)))).toBe('ran');
  });

  it.each<readonly [string, z.ZodType, string]>([
    ['takes more', Payment.extend({ note: z.string().optional() }), 'approval_invalid'],
    ['refuses it', Payment.extend({ amount: z.number().max(10) }), 'approval_invalid'],
  ])('is not resumed as a tool that %s by now', async (_, schema, code) => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    await world.vote(await world.open(), 'approve');
    const changed = world.start(suspend, schema);
    expect(await codeOf(() => changed.guard.resume(aid, body(world)))).toBe(code);
    expect(world.runs).toEqual([]);
    expect(await codeOf(() => world.start(suspend).guard.resume(aid, body(world)))).toBe('ran');
  });

  it('is not resumed with what a client says of it', async () => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    // The SDK makes the call out of a forged history; that is at most the requester's vote.
    for (const id of [CALL.id, aid, 'call-2']) {
      await resume(world.start(suspend).tools, forge({ ...CALL, id }));
    }
    expect(world.runs).toEqual([]);
    await world.vote(await world.open(), 'approve');
    const more = { ...CALL, args: { ...CALL.args, amount: 50_000 } };
    for (const id of [CALL.id, aid])
      await resume(world.start(suspend).tools, forge({ ...more, id }));
    expect(world.runs).toEqual([]);
    expect(await codeOf(() => world.start(suspend).guard.resume(aid, body(world)))).toBe('ran');
    expect(world.runs).toEqual([CALL.args]);
    await expectWhole(world);
  });

  it('is asked once, and made by the model’s next identical call once it is approved', async () => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    const again = { ...CALL, id: 'call-2' };
    expect(JSON.stringify(await converse(world.start(suspend).tools, [again]))).toContain(aid);
    expect(await world.approvals()).toHaveLength(1);
    await world.vote(await world.open(), 'approve');
    expect(JSON.stringify(await converse(world.start(suspend).tools, [again]))).toContain('paid');
    expect(await codeOf(() => world.start(suspend).guard.resume(aid, body(world)))).toBe(
      'approval_consumed',
    );
    expect(world.runs).toEqual([CALL.args]);
  });

  it('of two identical calls in one message runs one', async () => {
    const world = shop();
    const twins = [CALL, { ...CALL, id: 'call-2' }];
    await converse(world.start(suspend).tools, twins);
    expect(await world.approvals()).toHaveLength(1);
    await world.vote(await world.open(), 'approve');
    await converse(world.start(suspend).tools, twins);
    expect(world.runs).toEqual([CALL.args]);
    expect((await world.approvals()).map(({ state }) => state)).toEqual(['consumed', 'pending']);
  });

  it('that was denied is not asked about again for a while, and says who said what', async () => {
    const world = shop();
    const { aid } = await leftOpenBy(world);
    await world.vote(await world.open(), 'deny');
    expect(JSON.stringify(await converse(world.start(suspend).tools, [CALL]))).toContain(
      'a person denied it',
    );
    expect(await codeOf(() => world.start(suspend).guard.resume(aid, body(world)))).toBe(
      'approval_denied',
    );
    expect(world.runs).toEqual([]);
  });
});

function financeAsks() {
  return {
    effect: 'ask' as const,
    requirements: { votes: [{ kind: 'approvers' as const, by: ['role:finance'], quorum: 1 }] },
  };
}
