import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  approvalInbox,
  attachChannels,
  nodeListener,
  webhookCallback,
  webhookChannel,
} from '@guardstile/approvals';
import { createGuard, memoryApprovals, memoryAudit } from '@guardstile/core';

// An agent's refund waits for somebody in another system, who is told of it by a webhook and answers
// with a signed request. Both directions are Standard Webhooks; any library of those does.

const secret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const [outgoing, incoming] = [secret(), secret()];

// The application: a guard whose calls wait for votes, and the place where votes come in.
const approvals = memoryApprovals();
const guard = createGuard({
  policy: () => ({
    effect: 'ask',
    rule: 'refunds.large',
    reason: 'refunds over 500 need somebody of finance',
    requirements: { votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }] },
  }),
  context: { principal: { id: 'alice', tenant: 'acme' } },
  approvals,
  asks: 'wait',
});
const callback = webhookCallback({
  inbox: approvalInbox({ approvals, audit: memoryAudit() }),
  secret: incoming,
  // Who an employee of the other system is here. Nobody else can vote, whatever a body says.
  voters: { 'employee-7': { id: 'bob', roles: ['finance'], tenant: 'acme' } },
});
const application = createServer(nodeListener(callback)).listen(0, '127.0.0.1');

// The other system: shows what it is sent to an employee, who says yes.
const office = createServer((request, response) => {
  void read(request).then(async (body) => {
    const { 'webhook-id': id, 'webhook-timestamp': at } = request.headers;
    const genuine = signatureOf(outgoing, `${String(id)}.${String(at)}.${body}`);
    response.end();
    if (request.headers['webhook-signature'] !== genuine) return;
    const { type, data } = JSON.parse(body) as Message; // its signature says whose it is
    console.log(type);
    if (type !== 'approval.requested') return;
    console.log(data.text);
    const vote = {
      aid: data.aid,
      digest: data.bindings.digest,
      voter: 'employee-7',
      verdict: 'approve',
    };
    console.log(await answer(JSON.stringify(vote)));
  });
}).listen(0, '127.0.0.1');

interface Message {
  readonly type: string;
  readonly data: {
    readonly aid: string;
    readonly bindings: { readonly digest: string };
    readonly text: string;
  };
}

async function answer(body: string): Promise<string> {
  const [id, timestamp] = [randomBytes(12).toString('hex'), String(Math.floor(Date.now() / 1000))];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatureOf(incoming, `${id}.${timestamp}.${body}`),
  };
  const response = await fetch(urlOf(application), { method: 'POST', headers, body });
  return `${response.status} ${await response.text()}`;
}

function signatureOf(key: string, text: string): string {
  const bytes = Buffer.from(key.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', bytes).update(text).digest('base64')}`;
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set
  return Buffer.concat(parts).toString('utf8');
}

function urlOf(server: typeof office): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
}

await Promise.all([application, office].map((server) => once(server, 'listening')));
const detach = attachChannels({
  approvals,
  channels: [webhookChannel({ url: urlOf(office), secret: outgoing })],
});
const refunded = await guard.call(
  { tool: 'refund', args: { orderId: 'o1', amount: 900 } },
  ({ orderId }) => `refunded ${String(orderId)}`,
);
console.log(refunded); // refunded o1

detach();
for (const server of [application, office]) {
  server.close();
  server.closeIdleConnections();
}
await guard.close();
