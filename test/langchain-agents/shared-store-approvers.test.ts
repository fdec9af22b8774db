import { memoryAudit, withGuard } from '@guardstile/langchain';
import { ToolMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';

import { approve, recording, reject, scripted, type Setup } from './agents.ts';
import { byFinance, finance } from './finance.ts';

const HOUR = 60 * 60_000;
const calls = [['pay', '1', 'call-1']] as const;

/** Each way to guard an agent. */
const WAYS: ReadonlyArray<readonly [string, Setup]> = [
  ['guarded tools alone', { calls, middleware: () => [] }],
  ['the middleware', { calls }],
];

describe.each(WAYS)('an ask that names others, with %s,', (_, setup) => {
  it('is left open by the requester’s yes, and runs once they have said theirs', async () => {
    const { agent, open, vote } = finance();
    const { start, resume, ran } = agent(setup);
    const [{ aid } = { aid: '' }] = (await start()).waiting;
    for (let tries = 0; tries < 2; tries += 1) {
      expect((await resume(approve)).waiting).toMatchObject([{ aid }]);
    }
    expect(ran).toEqual([]);
    await vote(await open(), 'approve');
    expect((await resume(approve)).answers).toEqual(['pay did 1']);
    await resume(approve).catch(() => undefined);
    expect(ran).toEqual(['pay 1']);
  });

  it('goes on without an answer of the requester once they have approved', async () => {
    const { agent, open, vote } = finance();
    const { start, goOn, ran } = agent(setup);
    await start();
    await vote(await open(), 'approve');
    await goOn();
    expect(ran).toEqual(['pay 1']);
  });

  it('is denied by the requester’s no, whatever they say later', async () => {
    const { agent, open, vote, approvals } = finance();
    const { start, resume, ran } = agent(setup);
    await start();
    const asked = await open();
    await resume(reject);
    expect(await vote(asked, 'approve')).toMatchObject({ ok: false, reason: 'decided' });
    expect(await approvals.get(asked.aid)).toMatchObject({ state: 'denied' });
    expect(ran).toEqual([]);
  });

  it('tells the model who denied it and why, though the requester says yes', async () => {
    const { agent, open, vote } = finance();
    const { start, resume, ran } = agent(setup);
    await start();
    await vote(await open(), 'deny', { note: 'paid last week' });
    const { answers } = await resume(approve);
    expect(answers).toEqual([
      expect.stringMatching(/a person denied it.*they say: paid last week/),
    ]);
    expect(ran).toEqual([]);
  });

  it('runs what they changed, and answers the model’s own call', async () => {
    const { agent, open, edit } = finance();
    const { start, resume, ran } = agent(setup);
    await start();
    expect(await edit(await open(), '7')).toMatchObject({ ok: true });
    const { messages, answers } = await resume(approve);
    expect(ran).toEqual(['pay 7']);
    expect(answers).toEqual(['pay did 7']);
    const result = messages.find((one) => ToolMessage.isInstance(one));
    expect(result).toMatchObject({ tool_call_id: 'call-1', name: 'pay' });
    await resume(approve).catch(() => undefined);
    expect(ran).toEqual(['pay 7']);
  });

  it('that ran out is told apart from a denial, and is not asked about again by itself', async () => {
    const { agent, pass } = finance();
    const { start, resume, ran } = agent(setup);
    await start();
    pass(HOUR);
    const { answers, waiting } = await resume(approve);
    expect(waiting).toEqual([]);
    expect(answers).toEqual([expect.stringContaining('expired before it was used; ask again')]);
    expect(ran).toEqual([]);
  });

  it('that ran out is asked about anew where the graph goes on without an answer', async () => {
    const { agent, open, vote, pass } = finance();
    const { start, goOn, resume, ran } = agent(setup);
    const [{ aid } = { aid: '' }] = (await start()).waiting;
    pass(HOUR);
    const [again] = (await goOn()).waiting;
    expect(again?.aid).not.toBe(aid);
    await vote(await open(), 'approve');
    await resume(approve);
    expect(ran).toEqual(['pay 1']);
  });

  it('that ran out is in the log as that, once', async () => {
    const audit = memoryAudit();
    const { agent, pass } = finance({ audit });
    const { start, resume } = agent(setup);
    await start();
    pass(HOUR);
    await resume(approve);
    const denials = await audit.query({ action: 'tool.deny' });
    expect(denials.map(({ code }) => code)).toEqual(['approval_expired']);
  });

  it('that was approved, and then ran out unused, is told apart too', async () => {
    const { agent, open, vote, pass } = finance();
    const { start, resume, ran } = agent(setup);
    await start();
    await vote(await open(), 'approve');
    pass(HOUR);
    const { answers } = await resume(approve);
    expect(answers).toEqual([expect.stringContaining('expired before it was used; ask again')]);
    expect(ran).toEqual([]);
  });

  it('that was approved, and taken back before it was used, runs nothing and is asked anew', async () => {
    const { agent, open, vote } = finance();
    const { start, resume, ran } = agent(setup);
    await start();
    const asked = await open();
    await vote(asked, 'approve');
    expect(await vote(asked, 'deny')).toMatchObject({ ok: true });
    const { waiting } = await resume(approve);
    expect(ran).toEqual([]);
    expect(waiting).toHaveLength(1);
    expect(waiting[0]?.aid).not.toBe(asked.aid);
  });

  it('waits for a late answer where its rule parks it', async () => {
    const { agent, open, vote, pass } = finance({ policy: byFinance({ onExpiry: 'park' }) });
    const { start, resume, ran } = agent(setup);
    const [{ aid } = { aid: '' }] = (await start()).waiting;
    pass(5 * HOUR);
    expect((await resume(approve)).waiting).toMatchObject([{ aid }]);
    await vote(await open(), 'approve');
    await resume(approve);
    expect(ran).toEqual(['pay 1']);
  });

  it('takes the answer of those to whom its rule escalates it', async () => {
    const policy = byFinance({ onExpiry: 'escalate', escalateTo: ['carol'] });
    const { agent, open, vote, pass } = finance({ policy });
    const { start, resume, ran } = agent(setup);
    await start();
    const carol = { voter: { id: 'carol', tenant: 'acme' } };
    expect(await vote(await open(), 'approve', carol)).toMatchObject({ reason: 'not-named' });
    pass(HOUR);
    expect((await resume(approve)).waiting).toHaveLength(1);
    await vote(await open(), 'approve', carol);
    await resume(approve);
    expect(ran).toEqual(['pay 1']);
  });

  it('is not asked where a standing grant answers it', async () => {
    const model = scripted(calls, [['pay', '1', 'call-2']], [['pay', '2', 'call-3']]);
    const { agent, open, vote } = finance();
    const { start, resume, ran } = agent({ ...setup, model });
    await start();
    const grant = { scope: 'session', fields: ['x'], expiresMs: HOUR };
    expect(await vote(await open(), 'approve', { grant })).toMatchObject({ ok: true });
    const { waiting } = await resume(approve);
    expect(ran).toEqual(['pay 1', 'pay 1']);
    expect(waiting).toMatchObject([{ args: { x: '2' } }]);
  });
});

describe.each(WAYS)('a guard that asks by itself, with %s,', (_, setup) => {
  it('interrupts nothing, and the call is resumed by its id, in its own thread', async () => {
    const { agent, open, vote, guard } = finance({ asks: 'suspend' });
    const { start, ran } = agent(setup);
    const { waiting, answers } = await start();
    const { aid } = await open();
    expect(waiting).toEqual([]);
    expect(answers).toEqual([expect.stringContaining(`it stays open as ${aid}`)]);
    await vote(await open(), 'approve');
    const again = guard();
    withGuard([recording(ran, 'pay')], again);
    const pay = ({ x }: { readonly x: string }) => ran.push(`pay ${x}`);
    for (const session of ['other', undefined]) {
      const elsewhere = session === undefined ? again : again.with({ session });
      await expect(elsewhere.resume(aid, pay)).rejects.toThrow('never opened');
    }
    expect(ran).toEqual([]);
    await again.with({ session: 'thread' }).resume(aid, pay);
    await expect(again.with({ session: 'thread' }).resume(aid, pay)).rejects.toThrow(
      'used already',
    );
    expect(ran).toEqual(['pay 1']);
  });

  it('makes the call when the model makes it again, once it is approved', async () => {
    const model = scripted(calls, [], [['pay', '1', 'call-2']], [], [['pay', '1', 'call-3']]);
    const { agent, open, vote, approvals } = finance({ asks: 'suspend' });
    const { start, ran } = agent({ ...setup, model });
    await start();
    await vote(await open(), 'approve');
    await start();
    expect(ran).toEqual(['pay 1']);
    await start();
    expect(ran).toEqual(['pay 1']);
    expect((await approvals.list({})).map(({ state }) => state)).toEqual(['consumed', 'pending']);
  });

  it('waits for votes of others, and runs what they changed', async () => {
    const { agent, open, edit, approvals } = finance({ asks: 'wait' });
    const opened = new Promise<void>((resolve) => {
      approvals.subscribe?.(() => resolve());
    });
    const { start, ran } = agent(setup);
    const running = start();
    await opened;
    await edit(await open(), '7');
    expect((await running).answers).toEqual(['pay did 7']);
    expect(ran).toEqual(['pay 7']);
  });

  it('says of an ask that ran out while it waited that it did', async () => {
    const { agent } = finance({ asks: 'wait', approvalTimeoutMs: 1 });
    const { answers } = await agent(setup).start();
    expect(answers).toEqual([expect.stringMatching(/nobody answered within 1 ms; ask again$/)]);
  });

  it('parks it where its rule says so, and the late answer counts', async () => {
    const policy = byFinance({ onExpiry: 'park' });
    const { agent, open, vote, guard } = finance({ policy, asks: 'wait', approvalTimeoutMs: 1 });
    const { start, ran } = agent(setup);
    const { answers } = await start();
    const asked = await open();
    expect(answers).toEqual([expect.stringContaining(`it stays open as ${asked.aid}`)]);
    await vote(asked, 'approve');
    const again = guard().with({ session: 'thread' });
    withGuard([recording(ran, 'pay')], again);
    await again.resume(asked.aid, ({ x }: { readonly x: string }) => ran.push(`pay ${x}`));
    expect(ran).toEqual(['pay 1']);
  });
});
