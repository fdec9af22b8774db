import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { PolicyClient } from '@ai-sdk/policy-opa';
import * as engine from '@cedar-policy/cedar-wasm/nodejs';
import { allowAll, createGuard, type Decision, layers, type Policy } from '@guardstile/core';
import { authzen, cedar, decisionPoint, opa } from '@guardstile/policy';
import { afterEach, describe, expect, it } from 'vitest';

const ann = { principal: { id: 'ann', tenant: 'acme', roles: ['staff'] }, agent: 'support' };

async function decided(point: Policy, args: object, context = ann): Promise<Decision> {
  const guard = createGuard({
    policy: layers([
      { name: 'all', grants: allowAll() },
      { name: 'point', restricts: point },
    ]),
    audit: false,
  });
  try {
    return await guard.with(context).decide({ tool: 'refund', args });
  } finally {
    await guard.close();
  }
}

describe('an AuthZEN decision point', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  async function serve(
    answer: (body: unknown) => string | undefined,
    status = 200,
  ): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = answer({
          path: request.url,
          ...(JSON.parse(Buffer.concat(chunks).toString()) as object),
        });
        // Without an answer it keeps the caller waiting.
        if (text !== undefined) response.writeHead(status, { location: '/x' }).end(text);
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  }

  it('is asked who wants what, and what it allows is no opinion', async () => {
    let asked: unknown;
    const url = await serve((body) => {
      asked = body;
      return '{"decision":true}';
    });
    expect((await decided(authzen({ url }), { amount: 5 })).effect).toBe('allow');
    expect(asked).toEqual({
      path: '/access/v1/evaluation',
      subject: { type: 'user', id: 'ann', properties: { tenant: 'acme', roles: ['staff'] } },
      action: { name: 'call', properties: { args: { amount: 5 } } },
      resource: { type: 'tool', id: 'refund', properties: { source: 'app' } },
      context: { agent: 'support' },
    });
  });

  it('denies with its own reason', async () => {
    const url = await serve(() => '{"decision":false,"context":{"reason_user":"not today"}}');
    expect(await decided(authzen({ url }), {})).toMatchObject({
      effect: 'deny',
      code: 'denied',
      reason: 'authzen: not today',
    });
  });

  it.each([
    ['no JSON', 'yes', 200],
    ['no decision', '{}', 200],
    ['a decision that is no boolean', '{"decision":"true"}', 200],
    ['obligations', '{"decision":true,"context":{"obligations":[{"id":"notify"}]}}', 200],
    ['an error', '{"decision":true}', 500],
    ['a redirect', '{"decision":true}', 307],
    ['null', 'null', 200],
  ])('denies when it answers %s', async (_, body, status) => {
    const url = await serve(() => body, status);
    expect(await decided(authzen({ url }), {})).toMatchObject({
      effect: 'deny',
      code: 'policy_error',
    });
  });

  it('denies when nobody is there', async () => {
    const url = await serve(() => '{"decision":true}');
    for (const server of servers) server.close();
    expect(await decided(authzen({ url }), {})).toMatchObject({
      effect: 'deny',
      code: 'policy_error',
    });
  });

  it('denies when it does not answer in time', async () => {
    const url = await serve(() => undefined);
    expect(await decided(authzen({ url, timeoutMs: 50 }), {})).toMatchObject({
      effect: 'deny',
      reason: 'authzen: it did not answer within 50 ms',
    });
  });
});

describe('Cedar', () => {
  const policies = `
permit(principal, action == Action::"refund", resource) when { context.amount <= 500 };
@id("closed") forbid(principal, action, resource) when { context.closed };
`;
  const point = cedar<engine.AuthorizationCall>({
    engine,
    version: policies,
    request: ({ tool, confined }, { principal }) => ({
      principal: { type: 'User', id: principal?.id ?? '' },
      action: { type: 'Action', id: tool.name },
      resource: { type: 'Tool', id: tool.source },
      context: confined as engine.Context, // plain data
      policies: { staticPolicies: policies },
      entities: [],
    }),
  });

  it('restricts what the others allow', async () => {
    expect((await decided(point, { amount: 500, closed: false })).effect).toBe('allow');
    expect(await decided(point, { amount: 501, closed: false })).toMatchObject({
      effect: 'deny',
      reason: 'cedar: no policy permits it',
    });
    expect((await decided(point, { amount: 5, closed: true })).reason).toContain('forbidden by');
  });

  it('denies where Cedar itself leaves out a forbid that fails, and what it cannot hold', async () => {
    expect(await decided(point, { amount: 5 })).toMatchObject({
      effect: 'deny',
      code: 'policy_error',
    });
    expect(await decided(point, { amount: 5.5, closed: false })).toMatchObject({
      effect: 'deny',
      code: 'policy_error',
    });
  });
});

describe('OPA', () => {
  const answering = (result: unknown): PolicyClient => ({
    evaluate: (() => Promise.resolve(result)) as PolicyClient['evaluate'], // of any type
  });

  it.each([
    [{ decision: 'allow' }, 'allow'],
    [{ allow: true }, 'allow'],
    [{ decision: 'not-applicable' }, 'allow'],
    [{ decision: 'requires-approval', reason: 'large' }, 'ask'],
    [{ decision: 'deny', reason: 'no' }, 'deny'],
    [{ allow: false }, 'deny'],
    // A rule that is undefined is no permission here.
    [undefined, 'deny'],
    [true, 'deny'],
    [{ decision: 'alow' }, 'deny'],
  ])('%j means %s', async (result, effect) => {
    const point = opa({ client: answering(result), path: 'agent/call/decision' });
    expect((await decided(point, {})).effect).toBe(effect);
  });

  it('gets the rule and the call', async () => {
    const seen: unknown[] = [];
    const client: PolicyClient = {
      evaluate: ((path: string, input: unknown) => {
        seen.push(path, input);
        return Promise.resolve({ allow: false });
      }) as PolicyClient['evaluate'], // of any type
    };
    await decided(opa({ client, path: 'a/b' }), { amount: 1 });
    expect(seen).toMatchObject([
      'a/b',
      { tool: { name: 'refund' }, args: { amount: 1 }, agent: 'support' },
    ]);
  });
});

describe('any decision point', () => {
  it('is told when nobody waits for it any more', async () => {
    let signal: AbortSignal | undefined;
    const point = decisionPoint({
      name: 'slow',
      version: 1,
      timeoutMs: 20,
      ask(_, __, given) {
        signal = given;
        return new Promise(() => undefined);
      },
    });
    expect((await decided(point, {})).reason).toBe('slow: it did not answer within 20 ms');
    expect(signal?.aborted).toBe(true);
  });
});
