import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { factsOf, type ToolCall } from '@guardstile/core';
import {
  commandSandbox,
  filesystemSandbox,
  networkSandbox,
  openBeneath,
} from '@guardstile/sandbox';
import { Agent, fetch as undiciFetch } from 'undici';

import { compare, type Group, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';

/** Opens per sample. */
const OPENS = 8;
/** Calls per sample. */
const CALLS = 32;

const FILE = ['notes', '2026', 'today.md'];

/** Confined arguments: what opening beneath a root and a guarded fetch cost beside what they replace. */
export async function sandboxRows({ rounds: count, quick }: BenchPlan): Promise<Group> {
  const top = mkdtempSync(join(tmpdir(), 'guardstile-bench-'));
  const root = join(top, 'root');
  mkdirSync(join(root, ...FILE.slice(0, -1)), { recursive: true });
  writeFileSync(join(root, ...FILE), 'text');
  const server = createServer((_, outgoing) => outgoing.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const network = networkSandbox({ privateHosts: [new URL(url).host], domains: ['example.com'] });
  const agent = new Agent();
  try {
    const variants = [...opening(root), ...fetching(url, network.fetch, agent), ...confining(root)];
    const rounds = await measure(variants, {
      rounds: count,
      passes: quick ? 6 : 80,
      burst: 5,
      warmupPasses: quick ? 6 : 100,
    });
    return {
      title: 'Confined arguments',
      notes: [
        `opening: ${FILE.join('/')} in a root, opened and closed; both asynchronously, in the same pool`,
        'fetching: a server in this process over kept connections, the body read; plain: undici with an Agent of its own',
        'confining: one argument, that exists or is allowed, without a guard around it',
      ],
      rows: compare(rounds, [
        {
          what: '`openBeneath`, ÷ `realpath` and `open`',
          of: 'openBeneath',
          over: 'realpath and open',
          targets: [{ statistic: 'p50', limit: 1 }],
        },
        {
          what: '`networkSandbox` fetch, ÷ plain undici',
          of: 'network fetch',
          over: 'undici fetch',
          targets: [{ statistic: 'p50', limit: 1.1 }],
        },
        {
          what: '`networkSandbox` fetch, ÷ the global one over the same Agent',
          of: 'network fetch',
          over: 'fetch by undici',
        },
        { what: '`networkSandbox` fetch, ÷ the global one', of: 'network fetch', over: 'fetch' },
      ]),
      times: times(rounds),
    };
  } finally {
    await network.close?.();
    await agent.close();
    server.close();
    rmSync(top, { recursive: true, force: true });
  }
}

function opening(root: string): readonly Variant[] {
  const path = join(...FILE);
  const whole = join(root, path);
  return [
    {
      name: 'openBeneath',
      iterations: OPENS,
      run: async () => (await openBeneath(root, path)).close(),
    },
    {
      name: 'realpath and open',
      iterations: OPENS,
      run: async () => (await open(await realpath(whole))).close(),
    },
  ];
}

function fetching(url: string, guarded: typeof fetch, agent: Agent): readonly Variant[] {
  const body = async (response: Promise<{ text(): Promise<string> }>): Promise<void> =>
    assert.equal(await (await response).text(), 'hello');
  return [
    { name: 'network fetch', iterations: OPENS, run: () => body(guarded(url)) },
    {
      name: 'undici fetch',
      iterations: OPENS,
      run: () => body(undiciFetch(url, { dispatcher: agent })),
    },
    {
      name: 'fetch by undici',
      iterations: OPENS,
      run: () => body(fetch(url, { dispatcher: agent })),
    },
    { name: 'fetch', iterations: OPENS, run: () => body(fetch(url)) },
  ];
}

function confining(root: string): readonly Variant[] {
  const files = filesystemSandbox({ roots: [root], protect: [join(root, '.env')] });
  const network = networkSandbox({ domains: ['example.com'] });
  const commands = commandSandbox({ allow: [['git', 'log', '**']] });
  return [
    ['confine a path', () => files.confine?.(callWith({ path: join(...FILE) }))],
    ['confine a URL', () => network.confine?.(callWith({ url: 'https://example.com/x' }))],
    ['confine a command', () => commands.confine?.(callWith({ command: 'git log --oneline' }))],
  ].map(([name, run]) => {
    const confine = run as () => unknown; // the second of each
    assert('args' in (confine() as object));
    return { name: name as string, iterations: CALLS, run: confine };
  });
}

function callWith(confined: unknown): ToolCall {
  const tool = { source: 'app', name: 'tool' };
  const facts = factsOf('tool', { stated: 'readOnly' });
  return { rid: 'r', id: 'c', tool, facts, args: confined, confined, labels: [] };
}
