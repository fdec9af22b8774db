import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Guarantees, type Guard, noSandbox } from '@guardstile/core';
import { childSandbox, networkSandbox, osSandbox } from '@guardstile/sandbox';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createCaller } from '../../packages/sandbox/dist/child/caller.js';
import { nodeArguments } from '../../packages/sandbox/dist/child/node-arguments.js';
import { prove } from '../../packages/sandbox/dist/child/prove.js';
import { treeUse } from '../../packages/sandbox/src/child/process-tree.ts';
import { itWhere } from '../faults/it-where.ts';
import { allGone, ending, guardIn, killLeft, ownCopy, uniqueMarker } from './support/calls.ts';
import { containing, matching } from './support/texts.ts';
import { itWithOs } from './support/where.ts';

const module = new URL('./support/attacks.ts', import.meta.url);
const NAMES = ['writesEscapes', 'writes', 'returnsText', 'asks', 'opensDatabase', 'same'];
const tools = Object.fromEntries(NAMES.map((name) => [name, { module }]));
const top = mkdtempSync(join(tmpdir(), 'guardstile-attacks-'));
const guards: Guard[] = [];
const closing = (guard: Guard): Guard => {
  guards.push(guard);
  return guard;
};
afterAll(async () => {
  for (const guard of guards) await guard.close();
  rmSync(top, { recursive: true, force: true });
});

describe('what a child answers', () => {
  const guard = closing(guardIn(childSandbox({ tools })));

  it('keeps nobody busy, however often a text might end', async () => {
    expect(await ending(guard, 'writesEscapes', { many: 500_000 })).toMatchObject({
      code: 'sandbox_crashed',
    });
  });

  it('may be one text of 20 MB, where that much is allowed', async () => {
    const wide = closing(guardIn(childSandbox({ tools, maxOutputBytes: 2 ** 26 })));
    const answer = await ending(wide, 'returnsText', { length: 20_000_000 });
    expect(answer).toHaveProperty('value.length', 20_000_000);
  });

  it.each(['5', 'null', '"text"', 'true'])('is no result if it is %s', async (line) => {
    expect(await ending(guard, 'writes', { line })).toMatchObject({ code: 'sandbox_crashed' });
  });

  it.each(['{"refused":{"toString":1}}', '{"value":{"__proto__":{"polluted":true}}}'])(
    'breaks nothing as %s',
    async (line) => {
      expect(await ending(guard, 'writes', { line })).toHaveProperty('value');
      expect(({} as { polluted?: boolean }).polluted).toBe(undefined);
    },
  );

  it('is not read any further while it asks and reads no reply', async () => {
    const { fetch } = networkSandbox({ domains: [] });
    const asked = closing(guardIn(childSandbox({ tools, fetch, timeoutMs: 1500 })));
    // Were they read, all of them would be kept until it takes the replies.
    expect(await ending(asked, 'asks', { times: 100_000 })).toMatchObject({ code: 'timeout' });
  });
});

describe('a child', () => {
  it('does not write through the database that Node brings along', async () => {
    const path = join(top, 'approvals.db');
    const guard = closing(guardIn(childSandbox({ tools })));
    expect(await ending(guard, 'opensDatabase', { path })).toHaveProperty('threw');
    expect(existsSync(path)).toBe(false);
  });

  it('is not started in advance for a module that never loads', async () => {
    const { module: endless, path } = ownCopy('endless-module');
    const tool = { same: { module: endless } };
    const guard = closing(guardIn(childSandbox({ tools: tool, timeoutMs: 1000 })));
    expect(await ending(guard, 'same')).toMatchObject({ code: 'timeout' });
    expect(await allGone(path)).toBe(true);
  });

  const links = join(top, 'links');
  symlinkSync(dirname(fileURLToPath(module)), links);
  const linked = { same: { module: pathToFileURL(join(links, 'attacks.ts')) } };

  it('loads a module by way of a linked directory', async () => {
    const guard = closing(guardIn(childSandbox({ tools: linked })));
    expect(await ending(guard, 'same', { a: 1 })).toEqual({ value: { a: 1 } });
  });

  itWithOs('does so under OS isolation', async () => {
    const guard = closing(guardIn(osSandbox({ tools: linked })));
    expect(await ending(guard, 'same', { a: 1 })).toEqual({ value: { a: 1 } });
  });
});

const itOnLinux = itWhere(process.platform === 'linux', 'Linux');

itOnLinux('processes that a thread started count', async () => {
  const parent = spawn(process.execPath, ['-e', STARTS_IN_A_THREAD], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const { pid = 0 } = parent;
  onTestFinished(() => killLeft(-pid));
  await once(parent.stdout, 'data');
  expect(treeUse(pid, 1000)?.processes).toBe(2);
});

const STARTS_IN_A_THREAD = `
const inThread = () => require('node:child_process')
  .spawn('sleep', ['60'], { stdio: 'ignore' })
  .once('spawn', () => console.log('started'));
new (require('node:worker_threads').Worker)('(' + inThread + ')()', { eval: true });`;

describe('the canary', () => {
  const marker = uniqueMarker();
  /** Runs modules as they are. */
  const open = createCaller({
    limits: { timeoutMs: 30_000, memoryMb: 256, maxOutputBytes: 1_048_576 },
    ceiling: { rssMb: 4096, processes: 100 },
    paths: [],
    spares: 0,
    launch: (url) => ({
      command: process.execPath,
      args: nodeArguments(url, 256, undefined),
      env: { ...process.env, MARKER: marker },
      cwd: process.cwd(),
      feeds: [],
    }),
  });
  afterAll(() => {
    for (const pid of marked(marker)) killLeft(pid);
  });

  const lapses: ReadonlyArray<readonly [Partial<Guarantees>, RegExp]> = [
    [{ files: 'runtime' }, /read a file outside/],
    [{ network: 'os' }, /reached a port/],
    [{ processes: 'runtime' }, /started a process/],
    [{ processes: 'os' }, /among the processes of this machine/],
    [{ environment: 'runtime' }, /saw a variable/],
    [{ memory: 'os' }, /memory of its canary had no limit/],
    [{ cpu: 'os' }, /processor had no limit/],
    [{ time: 'runtime' }, /outlived it/],
  ];

  itOnLinux('tells every guarantee that does not hold', async () => {
    const reasons = await Promise.all(
      lapses.map(async ([claimed]) => prove(open, { ...noSandbox().guarantees, ...claimed })),
    );
    expect(reasons).toEqual(lapses.map(([, why]) => ({ ok: false, reason: matching(why) })));
  });

  it('lays its bait where tools may not read', async () => {
    const sandbox = childSandbox({ tools: {}, write: [tmpdir()] });
    expect(await sandbox.check()).toEqual({ ok: true, guarantees: sandbox.guarantees });
    await sandbox.close?.();
    const everywhere = [tmpdir(), homedir(), process.cwd()];
    const nothing = childSandbox({ tools: {}, read: everywhere });
    expect(await nothing.check()).toEqual({ ok: false, reason: containing('has no place') });
    await nothing.close?.();
  });

  it('is not held to the time of tools that are quicker', async () => {
    const sandbox = childSandbox({ tools: {}, timeoutMs: 1 });
    expect(await sandbox.check()).toHaveProperty('ok', true);
    await sandbox.close?.();
  });

  itWithOs('proves what it did before with variables that tools see', async () => {
    process.env['SANDBOX_TEST_SHOWN'] = 'shown';
    const sandbox = osSandbox({ tools: {}, env: ['SANDBOX_TEST_SHOWN', 'PWD', 'HOME'] });
    expect(await sandbox.check()).toEqual({ ok: true, guarantees: sandbox.guarantees });
    await sandbox.close?.();
  });
});

/** Processes that were started with a text in their environment. */
function marked(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text) ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
}
