import { join } from 'node:path';
import { recordDenials, withGuard } from '@guardstile/ai-sdk';
import { guardOptions } from '@guardstile/ai-sdk/v7';
import type { ApprovalStore, PolicyFunction, Requirements } from '@guardstile/core';
import { generateText, isStepCount, streamText, tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import { answer, approve, converse, resume, USER } from '../conformance/ai-sdk/conversation.ts';
import { scriptedModel } from '../conformance/ai-sdk/scripted-model.ts';
import { byFinance, Payment, type Shop, shopAt } from './shop.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const HOUR = 60 * 60_000;
const CALL = { id: 'call-1', tool: 'pay', args: { to: 'DE1', amount: 500 } };
const SUSPEND = { asks: 'suspend' } as const;
const WAIT = { asks: 'wait' } as const;

const shop = (): Shop => shopAt(join(temporaryDirectory(), 'approvals.db'));

const asking =
  (more: Partial<Requirements>): PolicyFunction =>
  () => ({
    effect: 'ask',
    rule: 'payments',
    reason: 'money',
    requirements: { votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }], ...more },
  });

/** Resolves when something happens in the store: an approval is opened, say. */
function changeIn(store: ApprovalStore): Promise<void> {
  return new Promise((resolve) => {
    store.subscribe?.(() => resolve());
  });
}

describe('an ask that names others, through the dialog of the SDK', () => {
  it('is denied by the requester’s no, and by no vote of others opened again', async () => {
    const world = shop();
    const { tools } = world.start();
    const asked = answer(await converse(tools, [CALL]), () => false);
    const open = await world.open();
    await recordDenials(tools, asked);
    expect(await world.vote(open, 'approve')).toMatchObject({ ok: false, reason: 'decided' });
    await resume(tools, asked);
    expect(world.runs).toEqual([]);
  });

  it('streams what they changed, from the tool’s own generator', async () => {
    const world = shop();
    const { guard } = world.start();
    const pay = tool({
      inputSchema: Payment,
      async *execute({ amount }) {
        world.runs.push(amount);
        yield `paying ${amount}`;
        yield `paid ${amount}`;
      },
    });
    const tools = withGuard({ pay }, guard);
    const messages = approve(await converse(tools, [CALL]));
    await world.edit(await world.open(), { amount: 150 });
    const outputs: unknown[] = [];
    for await (const part of streamText({ model: scriptedModel([]), tools, messages }).stream) {
      if (part.type === 'tool-result') outputs.push([part.toolCallId, part.output]);
    }
    expect(outputs).toEqual([
      ['call-1', 'paying 150'],
      ['call-1', 'paid 150'],
      ['call-1', 'paid 150'],
    ]);
    expect(world.runs).toEqual([150]);
  });

  it('goes on in a conversation that is well-formed after an edit', async () => {
    const world = shop();
    const { tools } = world.start();
    const messages = approve(await converse(tools, [CALL]));
    await world.edit(await world.open(), { amount: 150 });
    const { responseMessages } = await generateText({ model: scriptedModel([]), tools, messages });
    const model = scriptedModel([]);
    await generateText({ model, tools, messages: [...messages, ...responseMessages, USER] });
    const [{ prompt } = { prompt: [] }] = model.doGenerateCalls;
    const parts = prompt.flatMap(({ content }): readonly object[] =>
      typeof content === 'string' ? [] : content,
    );
    const ofCall = parts.filter((part) => 'toolCallId' in part && part.toolCallId === 'call-1');
    expect(ofCall).toMatchObject([
      { type: 'tool-call', input: CALL.args },
      { type: 'tool-result', output: { value: 'paid {"to":"DE1","amount":150}' } },
    ]);
    expect(world.runs).toEqual([{ to: 'DE1', amount: 150 }]);
  });

  it('waits for a late answer where its rule parks it', async () => {
    const world = shop();
    const { tools } = world.start({ policy: asking({ onExpiry: 'park' }) });
    const messages = approve(await converse(tools, [CALL]));
    world.pass(5 * HOUR);
    expect(await resume(tools, messages)).toContain('1 of role:finance is missing');
    await world.vote(await world.open(), 'approve');
    expect(await resume(tools, messages)).toContain('paid');
    expect(world.runs).toHaveLength(1);
  });

  it('takes the answer of those to whom its rule escalates it, once it is late', async () => {
    const world = shop();
    const policy = asking({ onExpiry: 'escalate', escalateTo: ['carol'] });
    const { tools } = world.start({ policy });
    const messages = approve(await converse(tools, [CALL]));
    const carol = { id: 'carol', tenant: 'acme' };
    expect(await world.vote(await world.open(), 'approve', carol)).toMatchObject({ ok: false });
    world.pass(HOUR);
    expect(await resume(tools, messages)).toContain('1 of role:finance, carol is missing');
    await world.vote(await world.open(), 'approve', carol);
    expect(await resume(tools, messages)).toContain('paid');
    expect(world.runs).toHaveLength(1);
  });

  it.each<readonly [string, (tools: ToolSet) => { readonly tools: ToolSet }]>([
    ['withGuard', (tools) => ({ tools })],
    ['guardOptions', (tools) => guardOptions(tools)],
  ])('is not opened where a standing grant answers the call, with %s', async (_, settings) => {
    const world = shop();
    const { tools } = world.start();
    const messages = approve(await converse(tools, [CALL]));
    const { aid, bindings } = await world.open();
    const grant = { scope: 'session', fields: ['to'], expiresMs: HOUR } as const;
    const voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };
    const vote = { voter, verdict: 'approve', digest: bindings.digest, channel: 'web' } as const;
    expect(await world.inbox.vote(aid, { ...vote, grant })).toMatchObject({ ok: true });
    await resume(tools, messages);

    const { tools: later, ...more } = settings(world.start().tools);
    const again = { ...CALL, id: 'call-2', args: { to: 'DE1', amount: 900 } };
    expect(JSON.stringify(await converse(later, [again], more))).toContain('paid');
    expect(await world.approvals()).toHaveLength(1);
    const other = { ...CALL, id: 'call-3', args: { to: 'XX9', amount: 900 } };
    expect(JSON.stringify(await converse(later, [other], more))).toContain('tool-approval-request');
    expect(world.runs).toEqual([CALL.args, again.args]);
  });
});

describe('a guard that asks by itself', () => {
  it.each<readonly [string, (tools: ToolSet) => { readonly tools: ToolSet }]>([
    ['withGuard', (tools) => ({ tools })],
    ['guardOptions', (tools) => guardOptions(tools)],
  ])('leaves the dialog of the SDK alone: %s', async (_, settings) => {
    const world = shop();
    const { tools, ...more } = settings(world.start(SUSPEND).tools);
    const text = JSON.stringify(await converse(tools, [CALL], more));
    expect(text).not.toContain('tool-approval-request');
    expect(text).toContain(`it stays open as ${(await world.open()).aid}`);
    expect(world.runs).toEqual([]);
  });

  it('tells its caller the id of what it left open', async () => {
    const world = shop();
    const { tools } = world.start(SUSPEND);
    const { steps } = await generateText({
      model: scriptedModel([[CALL]]),
      tools,
      prompt: 'go',
      stopWhen: isStepCount(2),
    });
    const failed = steps
      .flatMap(({ content }) => content)
      .find(({ type }) => type === 'tool-error');
    const { aid } = await world.open();
    expect(failed).toMatchObject({ error: { code: 'approval_required', aid } });
  });

  it('runs what others changed, when it is resumed and when the call waits', async () => {
    const world = shop();
    const left = world.start(SUSPEND);
    await converse(left.tools, [CALL]);
    const open = await world.open();
    await world.edit(open, { amount: 150 });
    await world.start(SUSPEND).guard.resume(open.aid, (args) => world.runs.push(args));

    const approvals = world.connect();
    const opened = changeIn(approvals);
    const again = { ...CALL, id: 'call-2' };
    const waiting = converse(world.start({ ...WAIT, approvals }).tools, [again]);
    await opened;
    await world.edit(await world.open(), { amount: 160 });
    expect(JSON.stringify(await waiting)).toContain('160');
    expect(world.runs).toEqual([150, 160].map((amount) => ({ to: 'DE1', amount })));
  });

  // `openOne()` of core finds a waiting approval by its digest, which an edit has changed, and then
  // takes what the store has under the call's own id for that of another call.
  it('knows a call again that was edited meanwhile, where it is made once more under its id', async () => {
    const world = shop();
    await converse(world.start(SUSPEND).tools, [CALL]);
    await world.edit(await world.open(), { amount: 150 });
    const text = JSON.stringify(await converse(world.start(SUSPEND).tools, [CALL]));
    expect(text).toContain('150');
    expect(world.runs).toEqual([{ to: 'DE1', amount: 150 }]);
  });

  it('says of what ran out that nobody answered, and of what was denied that somebody did', async () => {
    const world = shop();
    const late = world.start({ ...WAIT, approvalTimeoutMs: 1 });
    const text = JSON.stringify(await converse(late.tools, [CALL]));
    expect(text).toContain('nobody answered within 1 ms; ask again');
    expect(text).not.toContain('denied');

    const { tools } = world.start(SUSPEND);
    await converse(tools, [CALL]);
    await world.vote(await world.open(), 'deny');
    expect(JSON.stringify(await converse(tools, [CALL]))).toContain('a person denied it');
    expect(world.runs).toEqual([]);
  });

  it('asks again for what ran out while nobody waited', async () => {
    const world = shop();
    const { tools } = world.start({ ...SUSPEND, policy: byFinance });
    await converse(tools, [CALL]);
    const { aid } = await world.open();
    world.pass(HOUR);
    await expect(world.start(SUSPEND).guard.resume(aid, () => 1)).rejects.toThrow('expired');
    await converse(tools, [{ ...CALL, id: 'call-2' }]);
    expect((await world.open()).aid).not.toBe(aid);
    expect(world.runs).toEqual([]);
  });
});
