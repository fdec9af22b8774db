import { createHmac } from 'node:crypto';

import { type Approval, isGuardError, memoryApprovals, memoryAudit } from '@guardstile/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { approvalFor, FINANCE } from '../../test/approval-for.ts';
import { localServer, recording } from '../../test/local-server.ts';
import { approvalInbox } from '../inbox/approval-inbox.ts';
import type { Voter } from '../inbox/voter.ts';
import { attachChannels } from './attach-channels.ts';
import type { DeadLetter } from './channel.ts';
import { nodeListener } from './node-listener.ts';
import { slackChannel } from './slack-channel.ts';
import { slackInteractions, type SlackInteractionsOptions } from './slack-interactions.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const token = 'xoxb-test';
const bob: Voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };
const voters = { U1: bob, U2: { ...bob, id: 'carol' }, U3: { ...bob, tenant: 'other' } };

interface Block {
  readonly type: string;
  readonly block_id?: string;
  readonly text?: { readonly type: string; readonly text: string };
  readonly elements?: readonly { readonly action_id: string; readonly value: string }[];
}

interface Call {
  readonly method: string;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly blocks: readonly Block[];
    readonly view: {
      readonly blocks: readonly Block[];
      readonly private_metadata?: string;
      readonly callback_id?: string;
    };
  };
}

/** Slack's Web API as far as it is needed, on this machine. */
async function slack(answers: Readonly<Record<string, object>> = {}) {
  const server = recording(({ path = '' }, count) => {
    const method = path.replace('/api/', '');
    const usual = { ok: true, channel: 'C1', ts: `1.${count}` };
    return { body: JSON.stringify(answers[method] ?? usual) };
  });
  const apiUrl = `${await localServer(server.listener)}/api/`;
  const calls = (): readonly Call[] =>
    server.all.map(({ path = '', body }) => ({
      method: path.replace('/api/', ''),
      body: JSON.parse(body) as Call['body'], // what this package wrote
    }));
  return { apiUrl, calls, all: server.all };
}

const textOf = (blocks: readonly Block[]): string =>
  blocks.map(({ text }) => text?.text ?? '').join('\n');

const buttonsOf = (blocks: readonly Block[]): readonly string[] =>
  blocks.flatMap(({ elements = [] }) => elements.map(({ action_id: id }) => id));

describe('slackChannel', () => {
  async function posted(args: unknown, more: Parameters<typeof approvalFor>[2] = {}) {
    const api = await slack();
    const approvals = memoryApprovals();
    const channel = slackChannel({
      token,
      channel: 'C1',
      apiUrl: api.apiUrl,
      link: ({ aid }) => `https://inbox.example/${aid}?a|b`,
    });
    onTestFinished(attachChannels({ approvals, channels: [channel] }));
    const approval = await approvalFor(approvals, args, more);
    await vi.waitUntil(() => api.calls().length === 1);
    const [call] = api.calls();
    if (call === undefined) throw new Error('nothing was posted');
    return { api, approvals, approval, call };
  }

  it('posts what will run with buttons, keeps it up to date, and takes the buttons away at the end', async () => {
    const { api, approvals, approval, call } = await posted({ orderId: 'o1', amount: 900 });
    expect(api.all[0]?.headers).toMatchObject({ authorization: 'Bearer xoxb-test' });
    expect(call).toMatchObject({ method: 'chat.postMessage', body: { channel: 'C1' } });
    const text = textOf(call.body.blocks);
    for (const line of [
      'tool       refund',
      'principal  alice',
      'amount: 900',
      'needs      2 of',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toContain(`<https://inbox.example/${approval.aid}?a%7Cb|Look at it`);
    expect(buttonsOf(call.body.blocks)).toEqual(['guardstile.approve', 'guardstile.deny']);
    const { aid, bindings } = approval;
    const vote = { voter: 'bob', roles: ['finance'], channel: 'test', digest: bindings.digest };
    await approvals.vote(aid, { ...vote, verdict: 'approve' }, 1);
    await vi.waitUntil(() => api.calls().length === 2);
    await approvals.vote(aid, { ...vote, voter: 'carol', verdict: 'deny' }, 2);
    await vi.waitUntil(() => api.calls().length === 3);
    const [, update, close] = api.calls();
    expect(update).toMatchObject({ method: 'chat.update', body: { channel: 'C1', ts: '1.1' } });
    expect(textOf(update?.body.blocks ?? [])).toContain('answer     approve by bob through test');
    expect(buttonsOf(update?.body.blocks ?? [])).toHaveLength(2);
    expect(close).toMatchObject({ method: 'chat.update', body: { text: 'Denied: refund' } });
    expect(buttonsOf(close?.body.blocks ?? [])).toEqual([]);
  });

  it('lets nothing in a call be markup, a mention, a link or a hidden character', async () => {
    const hostile = '<!channel> <https://evil|safe> ``` *bold* & \u{202e}gnp\u{1b}[2J';
    const { call } = await posted({ hostile, '```': hostile }, { reason: hostile, rule: hostile });
    const text = textOf(call.body.blocks.filter(({ type }) => type === 'section'));
    expect(text).not.toContain('<!channel>');
    expect(text).not.toContain('<https://evil');
    for (const character of ['\u{202e}', '\u{1b}']) expect(text).not.toContain(character);
    expect(text).toContain('&lt;!channel&gt; &lt;https://evil|safe&gt; \\u{60}\\u{60}\\u{60}');
    for (const { text: block } of call.body.blocks) {
      const fences = block?.text.split('```').length ?? 1;
      expect([1, 3]).toContain(fences);
      expect(block?.text.length ?? 0).toBeLessThanOrEqual(3000);
    }
  });

  it('offers no approval of what is hidden or does not fit', async () => {
    const hidden = await posted({ password: 'hunter2' });
    expect(buttonsOf(hidden.call.body.blocks)).toEqual(['guardstile.deny']);
    expect(JSON.stringify(hidden.call.body)).not.toContain('hunter2');
    const fields = Array.from({ length: 45 }, (_, n) => [`<${n}>`, '<'.repeat(400)]);
    const long = await posted(Object.fromEntries(fields));
    expect(buttonsOf(long.call.body.blocks)).toEqual(['guardstile.deny']);
    expect(long.call.body.blocks.length).toBeLessThanOrEqual(50);
  });

  it('tries again what Slack could not do, and not what it refuses', async () => {
    const letters: DeadLetter[] = [];
    const attempt = async (error: string): Promise<void> => {
      const api = await slack({ 'chat.postMessage': { ok: false, error } });
      const approvals = memoryApprovals();
      const channel = slackChannel({ token, channel: 'C1', apiUrl: api.apiUrl });
      const onDeadLetter = (letter: DeadLetter): void => void letters.push(letter);
      const settings = { retries: 2, backoffMs: 1, onDeadLetter };
      onTestFinished(attachChannels({ approvals, channels: [channel], ...settings }));
      await approvalFor(approvals);
    };
    await attempt('ratelimited');
    await vi.waitUntil(() => letters.length === 1);
    await attempt('channel_not_found');
    await vi.waitUntil(() => letters.length === 2);
    expect(letters.map(({ attempts, error }) => `${attempts} ${String(error)}`)).toEqual([
      '3 Error: Slack refused chat.postMessage: ratelimited',
      '1 Error: Slack refused chat.postMessage: channel_not_found',
    ]);
  });

  it.each([
    [{ token: '', channel: 'C1' }],
    [{ token, channel: '' }],
    [{ token, channel: 'C1', apiUrl: 'http://slack.example/api/' }],
  ])('refuses the options %j', (options) => {
    let code: unknown;
    try {
      slackChannel(options);
    } catch (error) {
      code = isGuardError(error) ? error.code : error;
    }
    expect(code).toBe('options_invalid');
  });
});

describe('slackInteractions', () => {
  async function setUp(more: Partial<SlackInteractionsOptions> = {}) {
    const api = await slack();
    const approvals = memoryApprovals();
    const audit = memoryAudit();
    const handler = slackInteractions({
      inbox: approvalInbox({ approvals, audit }),
      signingSecret: SECRET,
      voters,
      token,
      apiUrl: api.apiUrl,
      ...more,
    });
    const address = await localServer(nodeListener(handler));
    const approval = await approvalFor(approvals);
    return { api, approvals, audit, handler, address, approval };
  }

  function signed(body: string, at = Date.now(), secret = SECRET): Record<string, string> {
    const timestamp = String(Math.floor(at / 1000));
    const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
    return {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${mac}`,
    };
  }

  const bodyOf = (payload: unknown): string =>
    new URLSearchParams({ payload: JSON.stringify(payload) }).toString();

  async function send(
    address: string,
    payload: unknown,
    headers?: Record<string, string>,
  ): Promise<[number, unknown]> {
    const body = bodyOf(payload);
    const init = { method: 'POST', headers: headers ?? signed(body), body };
    const response = await fetch(address, init);
    const text = await response.text();
    return [response.status, text === '' ? undefined : JSON.parse(text)];
  }

  const press = ({ aid, bindings }: Approval, more: object = {}, action = 'approve'): object => ({
    type: 'block_actions',
    user: { id: 'U1', team_id: 'T1' },
    team: { id: 'T1' },
    trigger_id: 'trigger',
    actions: [
      {
        action_id: `guardstile.${action}`,
        value: JSON.stringify({ aid, digest: bindings.digest }),
      },
    ],
    ...more,
  });

  const submit = (metadata: unknown, more: object = {}, note: string | null = null): object => ({
    type: 'view_submission',
    user: { id: 'U1', team_id: 'T1' },
    team: { id: 'T1' },
    view: {
      callback_id: 'guardstile.vote',
      private_metadata: metadata,
      state: { values: { note: { note: { value: note } } } },
    },
    ...more,
  });

  const about = ({ aid, bindings }: Approval, verdict = 'approve'): string =>
    JSON.stringify({ aid, digest: bindings.digest, verdict });

  it('asks when a button is pressed, and counts only what is submitted then', async () => {
    const { api, address, approval, approvals, audit } = await setUp();
    expect((await send(address, press(approval)))[0]).toBe(200);
    expect((await approvals.get(approval.aid))?.votes).toEqual([]);
    const [{ method, body } = { method: '', body: undefined }] = api.calls();
    expect([method, body?.['trigger_id']]).toEqual(['views.open', 'trigger']);
    expect(textOf(body?.view.blocks ?? [])).toContain(approval.bindings.digest);
    expect(textOf(body?.view.blocks ?? [])).toContain('amount: 900');
    const metadata = body?.view.private_metadata;
    const answer = await send(address, submit(metadata, {}, 'as agreed'));
    expect(answer).toMatchObject([200, { response_action: 'update' }]);
    expect(JSON.stringify(answer)).toContain('Counted. It is pending now.');
    expect(await approvals.get(approval.aid)).toMatchObject({
      votes: [{ voter: 'bob', channel: 'slack', note: 'as agreed', verdict: 'approve' }],
    });
    expect(await audit.query({ kind: 'approval' })).toMatchObject([{ actor: 'bob' }]);
    await send(address, submit(metadata, { user: { id: 'U2' } }));
    expect(await approvals.get(approval.aid)).toMatchObject({ state: 'approved' });
  });

  it('denies with a note for the agent', async () => {
    const { address, approval, approvals } = await setUp();
    await send(address, submit(about(approval, 'deny'), {}, 'wrong account'));
    expect(await approvals.get(approval.aid)).toMatchObject({
      state: 'denied',
      votes: [{ verdict: 'deny', note: 'wrong account' }],
    });
  });

  it.each<[string, number, string]>([
    ['another secret', 0, 'not the secret of this app'],
    ['a time that is over', -6 * 60_000, SECRET],
    ['a time to come', 6 * 60_000, SECRET],
  ])('takes nothing with %s', async (_, late, secret) => {
    const { api, address, approval, approvals } = await setUp();
    for (const payload of [press(approval), submit(about(approval))]) {
      const headers = signed(bodyOf(payload), Date.now() + late, secret);
      expect(await send(address, payload, headers)).toMatchObject([401, { reason: 'not-signed' }]);
    }
    expect(api.calls()).toEqual([]);
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('verifies the bytes as they came', async () => {
    const { handler, approval } = await setUp();
    const body = bodyOf(submit(about(approval)));
    // The same form, written in another way.
    for (const other of [body.replaceAll('%22', '"'), `${body}&a=b`, body.slice(0, -1), '']) {
      const init = { method: 'POST', headers: signed(body), body: other };
      expect((await handler(new Request('http://x/', init))).status).toBe(401);
    }
    const bytes = Buffer.concat([Buffer.from(body), Buffer.from([0xff])]);
    const init = { method: 'POST', headers: signed(`${body}\u{fffd}`), body: bytes };
    expect((await handler(new Request('http://x/', init))).status).toBe(401);
    expect((await handler(new Request('http://x/', { method: 'POST', body }))).status).toBe(401);
    const good = new Request('http://x/', { method: 'POST', headers: signed(body), body });
    expect((await handler(good)).status).toBe(200);
  });

  it('takes the same request once', async () => {
    const { address, approval, approvals } = await setUp();
    const payload = submit(about(approval));
    const headers = signed(bodyOf(payload));
    expect((await send(address, payload, headers))[0]).toBe(200);
    expect(await send(address, payload, headers)).toMatchObject([409, { reason: 'replayed' }]);
    expect((await approvals.get(approval.aid))?.votes).toHaveLength(1);
  });

  it.each(['U9', 'constructor', '__proto__', ''])('knows nobody called %j', async (id) => {
    const { api, address, approval, approvals } = await setUp();
    await send(address, press(approval, { user: { id } }));
    const answer = await send(address, submit(about(approval), { user: { id } }));
    expect(JSON.stringify(api.calls())).not.toContain('amount');
    expect(JSON.stringify(answer)).toContain('not on the list');
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('believes no user but the one that Slack names', async () => {
    const { address, approval, approvals } = await setUp();
    const user = { id: 'U9', username: 'U1', name: 'bob' };
    await send(
      address,
      submit(JSON.stringify({ ...JSON.parse(about(approval)), user: 'U1' }), { user }),
    );
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('takes only people of its workspace, where one is named', async () => {
    const { address, approval, approvals } = await setUp({ team: 'T2' });
    await send(address, submit(about(approval)));
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
    await send(address, submit(about(approval), { team: { id: 'T2' } }));
    expect((await approvals.get(approval.aid))?.votes).toHaveLength(1);
  });

  it('shows nothing of another tenant, of what is decided, and of what was edited since', async () => {
    const { api, address, approval, approvals } = await setUp();
    const notice = async (payload: object): Promise<string> => {
      await send(address, payload);
      const view = api.calls().at(-1)?.body.view;
      expect(view).not.toHaveProperty('submit');
      return textOf(view?.blocks ?? []);
    };
    expect(await notice(press(approval, { user: { id: 'U3' } }))).toContain('nothing to answer');
    const inbox = approvalInbox({ approvals });
    const { digest } = approval.bindings;
    const edit = { voter: bob, fields: { amount: 5 }, digest, channel: 'test' };
    await inbox.edit(approval.aid, edit);
    expect(await notice(press(approval))).toContain('edited since');
    expect(await send(address, submit(about(approval), { user: { id: 'U2' } }))).toMatchObject([
      200,
      {
        response_action: 'errors',
        errors: { note: expect.stringContaining('look again') as string },
      },
    ]);
    await approvals.cancel(approval.aid);
    expect(await notice(press(approval, { trigger_id: 'later' }))).toContain('nothing to answer');
  });

  it('approves nothing that it cannot show', async () => {
    const { api, address, approvals } = await setUp();
    const hidden = await approvalFor(approvals, { password: 'hunter2' });
    await send(address, press(hidden));
    expect(api.calls().at(-1)?.body.view).not.toHaveProperty('callback_id');
    expect(await send(address, submit(about(hidden)))).toMatchObject([
      200,
      { response_action: 'errors' },
    ]);
    expect(await approvals.get(hidden.aid)).toMatchObject({ votes: [] });
  });

  it('says in the question why an answer does not count', async () => {
    const { address, approval } = await setUp();
    await send(address, submit(about(approval)));
    const again = await send(address, submit(about(approval), {}, 'once more'));
    expect(again).toMatchObject([
      200,
      {
        response_action: 'errors',
        errors: { note: 'Not counted: you have approved it already; it waits for somebody else' },
      },
    ]);
  });

  it('decides nothing by GET, and passes over what is not its own', async () => {
    const { address, approval, approvals } = await setUp();
    expect(
      (
        await fetch(
          `${address}/?payload=${encodeURIComponent(JSON.stringify(submit(about(approval))))}`,
        )
      ).status,
    ).toBe(405);
    for (const odd of [
      null,
      [],
      'text',
      { type: 'shortcut', user: { id: 'U1' } },
      press(approval, { actions: [] }),
      press(approval, { actions: [{ action_id: 'other', value: '{}' }] }),
      press(approval, { trigger_id: 7 }),
      submit('no JSON'),
      submit(JSON.stringify({ aid: 1 })),
      submit(about(approval, 'maybe')),
      { ...submit(about(approval)), view: { callback_id: 'other' } },
    ]) {
      expect((await send(address, odd))[0]).toBe(200);
    }
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('says that nothing was counted where the store fails, and takes the answer again', async () => {
    const memory = memoryApprovals();
    let isUp = false;
    const approvals = {
      ...memory,
      get: (aid: string) => {
        if (!isUp) throw new Error('locked');
        return memory.get(aid);
      },
    };
    const { address } = await setUp({ inbox: approvalInbox({ approvals }) });
    const approval = await approvalFor(memory, {}, { requirements: FINANCE });
    const payload = submit(about(approval));
    const headers = signed(bodyOf(payload));
    const failed = await send(address, payload, headers);
    expect(JSON.stringify(failed)).toContain('Not counted: the approval store');
    isUp = true;
    expect(await send(address, payload, headers)).toMatchObject([
      200,
      { response_action: 'update' },
    ]);
  });
});
