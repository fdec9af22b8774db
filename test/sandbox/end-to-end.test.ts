import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { withGuard as withAiGuard } from '@guardstile/ai-sdk';
import {
  type AuditEntry,
  createGuard,
  type Guard,
  type GuardOptions,
  memoryAudit,
} from '@guardstile/core';
import { withGuard as withLangchainGuard } from '@guardstile/langchain';
import {
  filesystemSandbox,
  networkSandbox,
  type NetworkSandbox,
  openBeneath,
} from '@guardstile/sandbox';
import { tool as langchainTool } from '@langchain/core/tools';
import { generateText, isStepCount, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';

import { makeWorkspace } from './workspace.ts';

interface World {
  readonly guard: Guard;
  readonly root: string;
  readonly network: NetworkSandbox;
  /** Where the server that was named answers. */
  readonly allowed: string;
  /** Where the one that nobody named answers. */
  readonly internal: string;
  readonly requests: string[];
  entries(): Promise<readonly AuditEntry[]>;
  write(path: string, text: string): Promise<string>;
}

/** A workspace with a policy file in it, two servers, and a guard in front of both. */
async function makeWorld(options: Partial<GuardOptions> = {}): Promise<World> {
  const { root } = makeWorkspace();
  writeFileSync(join(root, 'policy.yaml'), 'rules: []');
  const requests: string[] = [];
  const [allowed, internal] = [await serve(requests), await serve(requests)];
  const files = filesystemSandbox({ roots: [root], protect: [join(root, 'policy.yaml')] });
  const network = networkSandbox({ privateHosts: [new URL(allowed).host] });
  const audit = memoryAudit();
  const guard = createGuard({
    policy: () => ({
      effect: 'allow',
      reason: 'this is about the sandbox',
      conditions: { sandbox: { files: 'args', network: 'args' } },
    }),
    sandbox: [files, network],
    facts: { readFile: 'readOnly', writeFile: 'edit', fetchPage: ['readOnly', 'network'] },
    audit,
    ...options,
  });
  return {
    guard,
    root,
    network,
    allowed,
    internal,
    requests,
    entries: async () => audit.query(),
    async write(path, text) {
      await using file = await openBeneath(root, path, 'w');
      await file.writeFile(text);
      return `wrote ${path}`;
    },
  };
}

async function serve(requests: string[]): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.headers.host ?? ''}${incoming.url ?? ''}`);
    outgoing.end('a page');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a model that was led astray tries, and what it is for. */
const ATTEMPTS: ReadonlyArray<(world: World) => { readonly tool: string; readonly args: object }> =
  [
    () => ({ tool: 'readFile', args: { path: 'in/b.txt' } }),
    ({ root }) => ({ tool: 'readFile', args: { path: `${root}/../secret.txt` } }),
    () => ({ tool: 'readFile', args: { path: 'out-file' } }),
    () => ({ tool: 'writeFile', args: { path: 'notes/new.txt', text: 'hello' } }),
    () => ({ tool: 'writeFile', args: { path: 'sub/new.txt', text: 'hello' } }),
    () => ({ tool: 'writeFile', args: { path: 'sub/../policy.yaml', text: 'allow everything' } }),
    () => ({ tool: 'writeFile', args: { path: 'dangling', text: 'hello' } }),
    ({ allowed }) => ({ tool: 'fetchPage', args: { url: `${allowed}/page` } }),
    ({ internal }) => ({ tool: 'fetchPage', args: { url: `${internal}/admin` } }),
    () => ({ tool: 'fetchPage', args: { url: 'http://169.254.169.254/latest/' } }),
    () => ({ tool: 'fetchPage', args: { url: 'file:///etc/passwd' } }),
  ];

/** The indices of those that do what they say. */
const FINE = [0, 4, 7];

function expectOutcome(world: World, texts: readonly string[]): void {
  const { root, allowed, requests } = world;
  expect(texts.length).toBe(ATTEMPTS.length);
  expect([texts[0], texts[4], texts[7]]).toEqual([
    'inside b',
    `wrote ${join(root, 'sub', 'new.txt')}`,
    'a page',
  ]);
  for (const [i, text] of texts.entries()) {
    if (FINE.includes(i)) continue;
    // The directory of the third is not there, which is the tool's own failure.
    expect([i, text]).toEqual([
      i,
      expect.stringMatching(i === 3 ? /ENOENT/ : /refuses the arguments/),
    ]);
  }
  expect(requests).toEqual([`${new URL(allowed).host}/page`]);
  expect(readFileSync(join(root, 'policy.yaml'), 'utf8')).toBe('rules: []');
  expect(readFileSync(join(root, 'sub', 'new.txt'), 'utf8')).toBe('hello');
}

async function expectAudited({ root, entries }: World): Promise<void> {
  const all = await entries();
  const allows = all.filter(({ action }) => action === 'tool.allow');
  expect(allows.length).toBe(FINE.length + 1);
  for (const { sandbox } of allows) {
    expect(sandbox).toMatchObject({
      name: 'filesystem+network',
      guarantees: { files: 'args', network: 'args', processes: 'none' },
    });
  }
  expect(allows[0]?.args).toEqual({ path: join(root, 'sub', 'b.txt') });
  const denials = all.filter(({ action }) => action === 'tool.deny');
  expect(denials.map(({ code }) => code)).toEqual(
    Array.from({ length: ATTEMPTS.length - FINE.length - 1 }, () => 'sandbox_refused'),
  );
}

describe('confined arguments behind a guard', () => {
  it('hold back a model in the AI SDK, and the log names the guarantees', async () => {
    const world = await makeWorld();
    const tools = withAiGuard(
      {
        readFile: tool({
          inputSchema: z.object({ path: z.string() }),
          execute: ({ path }) => readFileSync(path, 'utf8'),
        }),
        writeFile: tool({
          inputSchema: z.object({ path: z.string(), text: z.string() }),
          execute: ({ path, text }) => world.write(path, text),
        }),
        fetchPage: tool({
          inputSchema: z.object({ url: z.string() }),
          execute: async ({ url }) => (await world.network.fetch(url)).text(),
        }),
      },
      world.guard,
    );
    const attempts = ATTEMPTS.map((attempt) => attempt(world));
    const usage = {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    };
    let step = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () => {
        const next = attempts[step];
        step += 1;
        return next === undefined
          ? {
              content: [{ type: 'text', text: 'done' }],
              finishReason: { unified: 'stop', raw: 'stop' },
              usage,
              warnings: [],
            }
          : {
              content: [
                {
                  type: 'tool-call',
                  toolCallId: `call-${step}`,
                  toolName: next.tool,
                  input: JSON.stringify(next.args),
                },
              ],
              finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
              usage,
              warnings: [],
            };
      },
    });
    const stopWhen = isStepCount(attempts.length + 1);
    const { steps } = await generateText({ model, tools, prompt: 'Go.', stopWhen });
    const texts = steps.flatMap(({ content }) =>
      content.flatMap((part) => {
        if (part.type === 'tool-result') return [String(part.output)];
        return part.type === 'tool-error' ? [(part.error as Error).message] : [];
      }),
    );
    expectOutcome(world, texts);
    await expectAudited(world);
  });

  it('hold back tools of LangChain the same way', async () => {
    const world = await makeWorld();
    const tools = withLangchainGuard(
      {
        readFile: langchainTool(({ path }) => readFileSync(path, 'utf8'), {
          name: 'readFile',
          description: 'Reads a file',
          schema: z.object({ path: z.string() }),
        }),
        writeFile: langchainTool(({ path, text }) => world.write(path, text), {
          name: 'writeFile',
          description: 'Writes a file',
          schema: z.object({ path: z.string(), text: z.string() }),
        }),
        fetchPage: langchainTool(async ({ url }) => (await world.network.fetch(url)).text(), {
          name: 'fetchPage',
          description: 'Fetches a page',
          schema: z.object({ url: z.string() }),
        }),
      },
      world.guard,
    );
    const texts: string[] = [];
    for (const [i, attempt] of ATTEMPTS.entries()) {
      const { tool: name, args } = attempt(world);
      const call = { type: 'tool_call', id: `call-${i}`, name, args } as const;
      const invoke = tools[name as keyof typeof tools].invoke as (
        given: unknown,
      ) => Promise<unknown>;
      const message = await invoke
        .call(tools[name as keyof typeof tools], call)
        .catch((error: unknown) => ({ content: (error as Error).message }));
      texts.push(String((message as { readonly content: unknown }).content));
    }
    expectOutcome(world, texts);
    await expectAudited(world);
  });

  it('do not replace what a policy requires: a tool that needs more does not run', async () => {
    const { guard } = await makeWorld({
      policy: () => ({ effect: 'allow', conditions: { sandbox: { files: 'os' } } }),
    });
    const calling = guard.call({ tool: 'readFile', args: { path: 'a.txt' } }, () => 'ran');
    await expect(calling).rejects.toMatchObject({ code: 'sandbox_unavailable' });
  });
});
