import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { isGuardError } from '@guardstile/core';
import { networkSandbox, type NetworkSandboxOptions } from '@guardstile/sandbox';
import { Agent, request, setGlobalDispatcher } from 'undici';

import { startDnsServer } from './dns-server.ts';

// Runs where every address leads to this machine (`unshare --net` with a local route for all of
// them), so that attacks can have their effect and the internet is never touched. Reads cases as
// JSON, and writes what came of each: the address that answered, without and with the sandbox.

/** One thing that a tool is told to fetch. */
export interface NetworkCase {
  readonly url: string;
  readonly options?: Omit<NetworkSandboxOptions, 'resolve'>;
  /** Fetched by way of `dispatcher` and undici's own `request`. */
  readonly byRequest?: boolean;
  /** Asked for this often by the same sandbox. @default 1 */
  readonly times?: number;
}

export interface NetworkOutcome {
  readonly url: string;
  /** Addresses that an unguarded client reached. */
  readonly plain: readonly string[];
  /** Addresses that were reached through the sandbox. */
  readonly guarded: readonly string[];
  /** What the last answer was: status and body, or a code. */
  readonly answer: string;
}

const PUBLIC = '93.184.216.34';
const PUBLIC6 = '2606:2800:220:1::1';
const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'public.test': [[PUBLIC]],
  'public6.test': [[PUBLIC6]],
  'both.test': [[PUBLIC, PUBLIC6]],
  'rebinding.test': [[PUBLIC], ['127.0.0.1']],
  'mixed.test': [[PUBLIC, '127.0.0.1']],
  'mixed6.test': [[PUBLIC, '::1']],
  'private.test': [['10.1.2.3']],
  'metadata.test': [['169.254.169.254']],
  'mapped.test': [['::ffff:7f00:1']],
  'nothing.test': [[]],
};

/** Every other name leads to this machine. */
function answers(name: string, time: number): readonly string[] {
  const all = NAMES[name.toLowerCase()] ?? [['127.0.0.1', '::1']];
  return all[Math.min(time, all.length - 1)] ?? [];
}

let reached: string[] = [];

async function listen(port: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const { localAddress = '' } = incoming.socket;
    const to = new URL(incoming.url ?? '/', 'http://x').searchParams.get('to');
    reached.push(localAddress.replace(/^::ffff:(?=\d+\.)/, ''));
    outgoing.setHeader('connection', 'close');
    if (to !== null) outgoing.writeHead(302, { location: to });
    outgoing.end(`${incoming.method} answered`);
  });
  server.listen(port, '::');
  await once(server, 'listening');
  return server;
}

async function outcomeOf({
  url,
  options = {},
  byRequest,
  times = 1,
}: NetworkCase): Promise<NetworkOutcome> {
  const plainDns = await startDnsServer(answers);
  const guardedDns = await startDnsServer(answers);
  const sandbox = networkSandbox({ ...options, resolve: guardedDns.resolve });
  try {
    reached = [];
    await plainly(url, plainDns.resolve).catch(() => undefined);
    const plain = reached;
    reached = [];
    let answer = '';
    for (let i = 0; i < times; i += 1) {
      answer = await guardedly(
        byRequest === true
          ? async () => {
              const { statusCode, body } = await request(url, { dispatcher: sandbox.dispatcher });
              return `${statusCode} ${await body.text()}`;
            }
          : async () => {
              const response = await sandbox.fetch(url, { signal: AbortSignal.timeout(5000) });
              return `${response.status} ${await response.text()}`;
            },
      );
    }
    return { url, plain, guarded: reached, answer };
  } finally {
    await sandbox.close?.();
    plainDns.close();
    guardedDns.close();
  }
}

/** A tool that looks at what a name resolves to, and then fetches. */
async function plainly(
  url: string,
  resolve: (name: string) => Promise<readonly string[]>,
): Promise<void> {
  if (URL.canParse(url)) await resolve(new URL(url).hostname);
  const agent = new Agent({
    connect: {
      lookup: (name, { all }, answer) => {
        void resolve(name).then(([address = '', ...others]) => {
          const list = [address, ...others].map((one) => ({
            address: one,
            family: one.includes(':') ? 6 : 4,
          }));
          if (all === true) answer(null, list);
          else answer(null, address, list[0]?.family);
        });
      },
    },
  });
  setGlobalDispatcher(agent);
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(5000) })).text();
  } finally {
    await agent.close();
  }
}

async function guardedly(attempt: () => Promise<string>): Promise<string> {
  try {
    return await attempt();
  } catch (error) {
    if (isGuardError(error)) return error.code;
    const cause = error instanceof Error ? error.cause : undefined;
    return `failed: ${isGuardError(cause) ? cause.code : String(cause ?? error)}`;
  }
}

const { cases, ports } = JSON.parse(await text(process.stdin)) as {
  readonly cases: readonly NetworkCase[];
  readonly ports: readonly number[];
};
const servers = await Promise.all(ports.map(listen));
const outcomes: NetworkOutcome[] = [];
for (const one of cases) outcomes.push(await outcomeOf(one));
for (const server of servers) server.close();
const listening = servers.map((server) => (server.address() as AddressInfo | null)?.port);
process.stdout.write(JSON.stringify({ outcomes, listening }));
