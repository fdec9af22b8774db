import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guard } from '@guardstile/core';
import { osSandbox } from '@guardstile/sandbox';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  allGone,
  anyBusy,
  bombsIn,
  ending,
  guardIn,
  ownCopy,
  toolsNamed,
  uniqueMarker,
} from './support/calls.ts';
import { containing, matching } from './support/texts.ts';
import { itWithOs } from './support/where.ts';

const directory = mkdtempSync(join(tmpdir(), 'guardstile-os-'));
const bombsCopy = ownCopy('bombs');
const spare = ownCopy('spare-module');
const guards: Guard[] = [];
const closing = (guard: Guard): Guard => {
  guards.push(guard);
  return guard;
};

afterAll(async () => {
  for (const guard of guards) await guard.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a tool under OS isolation', () => {
  const ALL = ['double', 'count', 'environment', 'read', 'throwsError', 'exits', 'returnsMuch'];
  const guard = closing(guardIn(osSandbox({ tools: toolsNamed(...ALL), timeoutMs: 30_000 })));
  const call = (tool: string, args?: unknown) => ending(guard, tool, args);

  itWithOs('gets its arguments, returns its value and has a process of its own', async () => {
    expect(await call('double', { n: 21 })).toEqual({ value: 42 });
    expect([await call('count'), await call('count')]).toEqual([{ value: 1 }, { value: 1 }]);
  });

  itWithOs('fails as it does without', async () => {
    expect(await call('throwsError')).toMatchObject({
      threw: { name: 'RangeError', code: 'E_FAR' },
    });
    expect(await call('exits')).toMatchObject({ code: 'sandbox_crashed' });
    expect(await call('returnsMuch', { bytes: 1_100_000 })).toMatchObject({
      code: 'sandbox_output',
    });
  });

  itWithOs('sees no variable of this process', async () => {
    process.env['SANDBOX_TEST_HIDDEN'] = 'hidden';
    const { value } = (await call('environment')) as { value: object };
    expect(Object.keys(value).filter((name) => name !== 'PWD')).toEqual([]);
  });

  itWithOs('reads what is declared, and of the rest not even that it is there', async () => {
    const file = join(directory, 'declared');
    writeFileSync(file, 'content');
    expect(await call('read', { path: file })).toMatchObject({ threw: { code: 'ENOENT' } });
    const wider = closing(guardIn(osSandbox({ tools: toolsNamed('read'), read: [file] })));
    expect(await ending(wider, 'read', { path: file })).toEqual({ value: 'content' });
    expect(await call('read', { path: '/etc/passwd' })).toMatchObject({
      threw: { code: 'ENOENT' },
    });
    const own = readFileSync('/proc/self/status', 'utf8');
    expect(await call('read', { path: `/proc/${process.pid}/status` })).not.toEqual({ value: own });
  });

  itWithOs('is what a policy may require', async () => {
    const requires = {
      files: 'os',
      network: 'os',
      processes: 'os',
      environment: 'os',
      memory: 'os',
      cpu: 'os',
      time: 'os',
    } as const;
    const request = { tool: 'double', args: { n: 2 }, requires };
    expect(await guard.call(request, () => 'here')).toBe(4);
    const entries = (await guard.audit?.query()) ?? [];
    expect(entries.find(({ sandbox }) => sandbox !== undefined)?.sandbox).toEqual({
      name: 'os',
      guarantees: requires,
    });
  });
});

describe('what runs away under OS isolation', () => {
  const bombs = (timeoutMs: number): Guard =>
    closing(
      guardIn(osSandbox({ tools: bombsIn(bombsCopy.module), timeoutMs, memoryMb: 96, spares: 0 })),
    );

  for (const [tool, code, timeoutMs] of [
    ['hoardsObjects', 'sandbox_memory', 30_000],
    ['hoardsBuffers', 'sandbox_memory', 30_000],
    ['computes', 'timeout', 1000],
    ['backtracks', 'timeout', 1000],
    ['prints', 'timeout', 1000],
    ['floods', 'sandbox_output', 30_000],
  ] as const) {
    itWithOs(`${tool}: ${code}, and no process is left`, async () => {
      expect(await ending(bombs(timeoutMs), tool)).toMatchObject({ code });
      expect(await allGone(bombsCopy.path)).toBe(true);
    });
  }

  itWithOs('processes in sessions of their own end with the call', async () => {
    const marker = uniqueMarker();
    expect(await ending(bombs(30_000), 'leavesBehind', { marker, many: 3 })).toEqual({ value: 3 });
    expect(await allGone(marker)).toBe(true);
  });

  itWithOs('a fork bomb is stopped, and nothing of it is left', async () => {
    const marker = uniqueMarker();
    const stopped = await ending(bombs(30_000), 'forks', { marker });
    expect(stopped).toMatchObject({
      code: 'sandbox_crashed',
      message: containing('processes at once'),
    });
    expect(await allGone(marker)).toBe(true);
  });
});

describe('the check of OS isolation', () => {
  itWithOs('proves every guarantee with a canary', async () => {
    const sandbox = osSandbox({ tools: {} });
    expect(await sandbox.check()).toEqual({ ok: true, guarantees: sandbox.guarantees });
    await sandbox.close?.();
  });

  const broken = join(directory, 'broken-bwrap');
  writeFileSync(
    broken,
    '#!/bin/sh\necho "bwrap: Creating new namespace failed: Operation not permitted" >&2\nexit 1\n',
    { mode: 0o755 },
  );

  it.each([
    [join(directory, 'nowhere'), /bubblewrap is not installed as .*; install it \(apt-get install/],
    [broken, /Creating new namespace failed.*bubblewrap needs user namespaces, and /],
  ])(
    'says why it is not there and what to do (%s), and a call says the same',
    async (bwrap, why) => {
      const sandbox = osSandbox({ tools: toolsNamed('double'), bwrap });
      expect(await sandbox.check()).toEqual({ ok: false, reason: matching(why) });
      expect(await ending(closing(guardIn(sandbox)), 'double', { n: 1 })).toEqual({
        code: 'sandbox_unavailable',
        message: matching(why),
      });
    },
  );
});

describe('a process with idle spares under OS isolation', () => {
  const program = fileURLToPath(new URL('./support/idle-spares.ts', import.meta.url));

  itWithOs('ends by itself, and its spares with it', async () => {
    const parent = spawn(process.execPath, [program, 'end', 'os', spare.module.href], {
      stdio: 'ignore',
    });
    expect(await once(parent, 'exit')).toEqual([0, null]);
    expect(await allGone(spare.path)).toBe(true);
  });

  itWithOs('takes spares and running calls along when it is killed', async () => {
    const parent = spawn(process.execPath, [program, 'busy', 'os', spare.module.href], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    await once(parent.stdout, 'data');
    await anyBusy(spare.path);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await allGone(spare.path)).toBe(true);
  });
});
