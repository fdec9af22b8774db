// One guard for many tenants: who may do what is decided per request, never by what a model says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createGuard,
  layers,
  perUser,
  type PolicyFunction,
  type Principal,
  toolPolicy,
  withGuard,
} from '@guardstile/ai-sdk';
import { generateText, isStepCount, tool } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

const invoices = new Map([
  ['acme-1', { tenant: 'acme', total: 120 }],
  ['globex-1', { tenant: 'globex', total: 990 }],
]);

const readInvoice = tool({
  inputSchema: z.object({ id: z.string() }),
  execute: ({ id }) => invoices.get(id) ?? 'no such invoice',
});
const cancelInvoice = tool({
  inputSchema: z.object({ id: z.string() }),
  execute: ({ id }) => `cancelled ${id}: ${invoices.delete(id)}`,
});

// A policy per person with a default. The same id in another tenant is another person.
const people = perUser({ default: toolPolicy({ allow: ['readInvoice'] }) });
const mayCancel = toolPolicy({ allow: ['readInvoice', 'cancelInvoice'] });
people.set({ id: 'ann', tenant: 'acme' }, mayCancel);

// Holds for everybody: a tenant's people reach their own tenant's invoices only.
const ownInvoices: PolicyFunction = ({ args }, { principal }) => {
  const { id } = args as { readonly id: string };
  if (principal?.tenant !== undefined && id.startsWith(`${principal.tenant}-`)) return undefined;
  return { effect: 'deny', reason: `${id} belongs to another tenant` };
};

const guard = createGuard({
  policy: layers([
    { name: 'people', grants: people },
    { name: 'tenants', restricts: ownInvoices },
  ]),
});

// How a request is authenticated is up to the application; here by a token.
const principals = new Map<string, Principal>([
  ['token-1', { id: 'ann', tenant: 'acme' }],
  ['token-2', { id: 'ann', tenant: 'globex' }],
]);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const principal = principals.get(request.headers.authorization ?? '');
  if (principal === undefined) {
    response.writeHead(401).end('who are you?');
    return;
  }
  // Bound to this request; the rules were compiled when the guard was created.
  const mine = guard.with({ principal, session: String(request.headers['x-session']) });
  const [action = '', id = ''] = (request.url ?? '').slice(1).split('/');
  const { text } = await generateText({
    model: scriptedModel([{ tool: action, args: { id } }, ([result]) => String(result?.text)]),
    tools: withGuard({ readInvoice, cancelInvoice }, mine),
    stopWhen: isStepCount(3),
    prompt: `${action} ${id}`,
  });
  response.end(text);
}

const server = createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // it listens on TCP

async function ask(token: string, path: string): Promise<string> {
  const headers = { authorization: token, 'x-session': `session-of-${token}` };
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
  const text = await response.text();
  console.log(`${token} /${path}: ${text}`);
  return text;
}

try {
  const [acme, globex] = await Promise.all([
    ask('token-1', 'readInvoice/acme-1'),
    ask('token-2', 'readInvoice/globex-1'),
  ]);
  assert.match(acme, /120/);
  assert.match(globex, /990/);

  // Another tenant's invoice, whoever asks.
  assert.match(await ask('token-1', 'readInvoice/globex-1'), /belongs to another tenant/);

  // Ann of Acme may cancel, Ann of Globex may not.
  assert.match(await ask('token-2', 'cancelInvoice/globex-1'), /not on the allow list/);
  assert.equal(await ask('token-1', 'cancelInvoice/acme-1'), 'cancelled acme-1: true');

  // Policies change while the server runs, and back.
  people.set({ id: 'ann', tenant: 'globex' }, mayCancel);
  assert.equal(await ask('token-2', 'cancelInvoice/globex-1'), 'cancelled globex-1: true');
  people.remove({ id: 'ann', tenant: 'globex' });
  assert.match(await ask('token-2', 'cancelInvoice/globex-1'), /not on the allow list/);
} finally {
  server.close();
  server.closeAllConnections();
  await guard.close();
}

// One audit trail, readable per tenant.
const ofGlobex = (await guard.audit?.query({ tenant: 'globex', kind: 'decision' })) ?? [];
assert.deepEqual(
  ofGlobex.map(({ action, tool: name }) => `${action} ${name}`),
  [
    'tool.allow readInvoice',
    'tool.deny cancelInvoice',
    'tool.allow cancelInvoice',
    'tool.deny cancelInvoice',
  ],
);
const verification = await guard.audit?.verify();
assert.equal(verification?.ok, true);
