import { createHmac } from 'node:crypto';

import {
  approvalInbox,
  attachChannels,
  type DeadLetter,
  nodeListener,
  type Voter,
  webhookCallback,
  webhookChannel,
} from '@guardstile/approvals';
import { type Approval, isGuardError, memoryApprovals, memoryAudit } from '@guardstile/core';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { approvalFor, FINANCE } from '../../packages/approvals/test/approval-for.ts';
import {
  localServer,
  type Received,
  recording,
} from '../../packages/approvals/test/local-server.ts';

const secretOf = (letter: string): string =>
  `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const SECRET = secretOf('s');
const bob: Voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };

interface Message {
  readonly type: string;
  readonly data: Approval & { readonly text: string; readonly tooLong?: boolean };
}

/** What a receiver makes of it, with the library of the standard. */
function verified({ body, headers }: Received, secret = SECRET): Message {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as Message; // node lower-cases them
}

describe('webhookChannel', () => {
  it('posts what the library of the standard verifies, step by step', async () => {
    const server = recording(() => ({}));
    const approvals = memoryApprovals();
    const url = `${await localServer(server.listener)}/hook`;
    const channel = webhookChannel({
      url,
      secret: SECRET,
      link: ({ aid }) => `https://inbox/${aid}`,
    });
    onTestFinished(attachChannels({ approvals, channels: [channel] }));
    const { aid, bindings } = await approvalFor(approvals, {
      to: 'ann@раураl.com',
      note: 'exe.\u{202e}gnp',
      password: 'hunter2',
    });
    await vi.waitUntil(() => server.all.length === 1);
    await approvals.vote(
      aid,
      {
        verdict: 'deny',
        voter: 'bob',
        roles: ['finance'],
        channel: 'test',
        digest: bindings.digest,
      },
      1,
    );
    await vi.waitUntil(() => server.all.length === 2);
    const [opened, closed] = server.all.map((received) => verified(received));
    expect(server.all[0]).toMatchObject({ method: 'POST', path: '/hook' });
    expect(opened).toMatchObject({
      type: 'approval.requested',
      data: { aid, state: 'pending', link: `https://inbox/${aid}`, hidden: ['password'] },
    });
    expect(opened?.data.text).toContain('note: "exe.\\u{202e}gnp"');
    expect(opened?.data.text).toContain('to (host xn--l-7sba6dbr.com): "ann@раураl.com"');
    expect(closed).toMatchObject({ type: 'approval.resolved', data: { aid, state: 'denied' } });
    expect(server.all.map(({ body }) => body).join()).not.toContain('hunter2');
    expect(server.all.map(({ headers }) => headers['webhook-id'])).toEqual([
      `${aid}.1`,
      `${aid}.2`,
    ]);
  });

  it('signs with each secret while they are changed', async () => {
    const server = recording(() => ({}));
    const approvals = memoryApprovals();
    const secret = [secretOf('n'), SECRET];
    const channel = webhookChannel({ url: await localServer(server.listener), secret });
    onTestFinished(attachChannels({ approvals, channels: [channel] }));
    await approvalFor(approvals);
    await vi.waitUntil(() => server.all.length === 1);
    const [received] = server.all;
    if (received === undefined) throw new Error('nothing came');
    for (const one of secret) expect(verified(received, one).type).toBe('approval.requested');
    expect(() => verified(received, secretOf('x'))).toThrow('No matching signature');
  });

  it('tries again with the same id, gives up on a refusal, and follows no redirect', async () => {
    const other = recording(() => ({}));
    const elsewhere = await localServer(other.listener);
    const answers = [500, 429, 503, 200, 410, 302];
    const server = recording((_, count) => {
      const status = answers[count - 1] ?? 200;
      return status === 302 ? { status, headers: { location: elsewhere } } : { status };
    });
    const approvals = memoryApprovals();
    const letters: DeadLetter[] = [];
    const channel = webhookChannel({ url: await localServer(server.listener), secret: SECRET });
    const onDeadLetter = (letter: DeadLetter): void => void letters.push(letter);
    const options = { approvals, channels: [channel], backoffMs: 1, onDeadLetter };
    onTestFinished(attachChannels(options));
    const { aid } = await approvalFor(approvals);
    await vi.waitUntil(() => server.all.length === 4);
    expect(new Set(server.all.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([`${aid}.1`]),
    );
    expect(letters).toEqual([]);
    await approvalFor(approvals);
    await vi.waitUntil(() => letters.length === 1);
    await approvalFor(approvals);
    await vi.waitUntil(() => letters.length === 2);
    expect(letters.map(({ attempts, error }) => `${attempts} ${String(error)}`)).toEqual([
      expect.stringMatching(/^1 Error: 127\.0\.0\.1:\d+ answered 410$/),
      expect.stringMatching(/^1 Error: 127\.0\.0\.1:\d+ answered 302$/),
    ]);
    expect(other.all).toEqual([]);
  });

  it('leaves out arguments that are too large, and still names them by their digest', async () => {
    const server = recording(() => ({}));
    const approvals = memoryApprovals();
    const channel = webhookChannel({ url: await localServer(server.listener), secret: SECRET });
    onTestFinished(attachChannels({ approvals, channels: [channel] }));
    await approvalFor(approvals, { text: 'x'.repeat(400_000) });
    await vi.waitUntil(() => server.all.length === 1);
    const { data } = verified(server.all[0] ?? { method: '', path: '', headers: {}, body: '' });
    expect(data.tooLong).toBe(true);
    expect(data).not.toHaveProperty('shown');
    expect(data.text).toMatch(/characters folded, of 400,000, sha256:/);
  });

  it.each([
    [{ url: 'http://example.com/hook', secret: SECRET }],
    [{ url: 'https://user@example.com/hook', secret: SECRET }],
    [{ url: 'ftp://example.com', secret: SECRET }],
    [{ url: 'nowhere', secret: SECRET }],
    [{ url: 'https://example.com', secret: 'short' }],
    [{ url: 'https://example.com', secret: 'whsec_c2hvcnQ=' }],
    [{ url: 'https://example.com', secret: [] }],
  ])('refuses the options %j', (options) => {
    let code: unknown;
    try {
      webhookChannel(options);
    } catch (error) {
      code = isGuardError(error) ? error.code : error;
    }
    expect(code).toBe('options_invalid');
  });
});

describe('webhookCallback', () => {
  const CALLBACK = secretOf('c');

  async function setUp(now = Date.now()) {
    const approvals = memoryApprovals();
    const audit = memoryAudit();
    const inbox = approvalInbox({ approvals, audit });
    const callback = webhookCallback({
      inbox,
      secret: CALLBACK,
      voters: { U1: bob, U2: { ...bob, id: 'carol' }, U3: { id: 'mallory', tenant: 'acme' } },
      clock: () => now,
    });
    const address = await localServer(nodeListener(callback));
    const approval = await approvalFor(approvals);
    return { approvals, audit, callback, address, approval, now };
  }

  interface Sent {
    readonly id?: string;
    readonly at?: number;
    readonly secret?: string;
    readonly body?: string;
    readonly method?: string;
  }

  const ballot = ({ aid, bindings }: Approval, more: object = {}): string =>
    JSON.stringify({ aid, digest: bindings.digest, voter: 'U1', verdict: 'approve', ...more });

  function headersFor(body: string, { id = 'msg_1', at = Date.now(), secret = CALLBACK }: Sent) {
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
    };
  }

  /** What somebody else sends, over a real connection. */
  async function send(address: string, body: string, sent: Sent = {}): Promise<[number, unknown]> {
    const { method = 'POST' } = sent;
    const response = await fetch(address, {
      method,
      headers: headersFor(body, sent),
      ...(method === 'GET' ? {} : { body: sent.body ?? body }),
    });
    const text = await response.text();
    return [response.status, text === '' ? undefined : JSON.parse(text)];
  }

  it('counts a signed answer of somebody whom the application knows', async () => {
    const { address, approval, approvals, audit } = await setUp();
    expect(await send(address, ballot(approval, { note: 'ok' }))).toEqual([
      200,
      { ok: true, aid: approval.aid, state: 'pending', digest: approval.bindings.digest },
    ]);
    const second = await send(address, ballot(approval, { voter: 'U2' }), { id: 'msg_2' });
    expect(second).toMatchObject([200, { state: 'approved' }]);
    expect(await approvals.get(approval.aid)).toMatchObject({
      votes: [{ voter: 'bob', channel: 'webhook', note: 'ok' }, { voter: 'carol' }],
    });
    expect(await audit.query({ kind: 'approval' })).toHaveLength(2);
  });

  it('takes an edit', async () => {
    const { address, approval, approvals } = await setUp();
    const [status] = await send(address, ballot(approval, { edited: { amount: 5 } }));
    expect(status).toBe(200);
    expect(await approvals.get(approval.aid)).toMatchObject({ shown: { amount: 5 } });
  });

  it.each<[string, Sent, number, string]>([
    ['another secret', { secret: SECRET }, 401, 'not-signed'],
    ['a time that is over', { at: Date.now() - 6 * 60_000 }, 401, 'not-signed'],
    ['a time to come', { at: Date.now() + 6 * 60_000 }, 401, 'not-signed'],
    ['another body', { body: '{"verdict":"approve"}' }, 401, 'not-signed'],
  ])('counts nothing with %s', async (_, sent, status, reason) => {
    const { address, approval, approvals } = await setUp();
    expect(await send(address, ballot(approval), sent)).toEqual([status, { ok: false, reason }]);
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('counts nothing where a header is missing or odd', async () => {
    const { callback, approval, approvals } = await setUp();
    const body = ballot(approval);
    const good = headersFor(body, {});
    const odd: Record<string, string>[] = [
      {},
      ...Object.keys(good).map((name) =>
        Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)),
      ),
      { ...good, 'webhook-id': '' },
      { ...good, 'webhook-id': 'msg_2' },
      { ...good, 'webhook-timestamp': `${good['webhook-timestamp']}.0` },
      { ...good, 'webhook-timestamp': 'NaN' },
      { ...good, 'webhook-signature': good['webhook-signature'].replace('v1,', 'v2,') },
      { ...good, 'webhook-signature': 'v1,' },
      { ...good, 'webhook-signature': `v1,${createHmac('sha256', 'x').digest('base64')}` },
    ];
    for (const headers of odd) {
      const response = await callback(new Request('http://x/', { method: 'POST', headers, body }));
      expect(response.status).toBe(401);
    }
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('counts one message once', async () => {
    const { address, approval, approvals } = await setUp();
    const body = ballot(approval);
    expect((await send(address, body))[0]).toBe(200);
    expect(await send(address, body)).toEqual([409, { ok: false, reason: 'replayed' }]);
    // Nor does another id make it count again.
    expect(await send(address, body, { id: 'msg_2' })).toMatchObject([
      409,
      { reason: 'voted-already' },
    ]);
    expect((await approvals.get(approval.aid))?.votes).toHaveLength(1);
  });

  it('lets a message come again where it could not be counted', async () => {
    const memory = memoryApprovals();
    let isUp = false;
    const inbox = approvalInbox({
      approvals: {
        ...memory,
        get: (aid) => {
          if (!isUp) throw new Error('locked');
          return memory.get(aid);
        },
      },
    });
    const callback = webhookCallback({ inbox, secret: CALLBACK, voters: { U1: bob } });
    const address = await localServer(nodeListener(callback));
    const approval = await approvalFor(memory);
    expect(await send(address, ballot(approval))).toEqual([
      503,
      { ok: false, reason: 'approval_store_error' },
    ]);
    isUp = true;
    expect((await send(address, ballot(approval)))[0]).toBe(200);
  });

  it.each<[number, string, object]>([
    [403, 'not-known', { voter: 'U9' }],
    [403, 'not-known', { voter: 'toString' }],
    [403, 'not-named', { voter: 'U3' }],
    [404, 'unknown', { aid: 'aid_none' }],
    [409, 'changed', { digest: 'sha256:0' }],
    [422, 'not-editable', { edited: { orderId: 'o2' } }],
    [422, 'too-long', { note: 'x'.repeat(2001) }],
    [400, 'not-understood', { verdict: 'maybe' }],
    [400, 'not-understood', { voter: { id: 'bob', roles: ['finance'] } }],
    [400, 'not-understood', { verdict: 'deny', edited: { amount: 5 } }],
    [400, 'not-understood', { edited: [5] }],
  ])('answers %i "%s" for %j', async (status, reason, more) => {
    const { address, approval, approvals } = await setUp();
    expect(await send(address, ballot(approval, more))).toMatchObject([
      status,
      { ok: false, reason },
    ]);
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [], version: 1 });
  });

  it('takes nobody’s word for who they are but the signed body’s', async () => {
    const { callback, approval, approvals } = await setUp();
    const body = ballot(approval, { voter: 'U3' });
    const headers = { ...headersFor(body, {}), 'x-voter': 'U1', authorization: 'Bearer U1' };
    const request = new Request('http://x/?voter=U1', { method: 'POST', headers, body });
    expect((await callback(request)).status).toBe(403);
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('decides nothing by GET, and reads no endless body', async () => {
    const { address, approval, approvals } = await setUp();
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await send(address, ballot(approval), { method }))[0]).toBe(405);
    }
    expect((await send(address, 'x'.repeat(300_000)))[0]).toBe(413);
    expect((await send(address, 'no JSON', { id: 'msg_3' }))[0]).toBe(400);
    expect(await approvals.get(approval.aid)).toMatchObject({ votes: [] });
  });

  it('asks the application who somebody is, which may take a while', async () => {
    const approvals = memoryApprovals();
    const callback = webhookCallback({
      inbox: approvalInbox({ approvals }),
      secret: CALLBACK,
      voters: async (id) => (id === 'U1' ? bob : undefined),
    });
    const address = await localServer(nodeListener(callback));
    const approval = await approvalFor(approvals, {}, { requirements: FINANCE });
    expect((await send(address, ballot(approval)))[0]).toBe(200);
    expect((await send(address, ballot(approval, { voter: 'U2' }), { id: 'msg_2' }))[0]).toBe(403);
  });
});
