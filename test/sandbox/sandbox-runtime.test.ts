import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxManager } from '@anthropic-ai/sandbox-runtime';
import { osSandbox, sandboxRuntime } from '@guardstile/sandbox';
import { afterAll, describe, expect, it } from 'vitest';
import { itWhere } from '../faults/it-where.ts';
import { ending, guardIn, toolsNamed } from './support/calls.ts';
import { containing, matching } from './support/texts.ts';

process.env['SANDBOX_TEST_SHOWN'] = "it's shown";
process.env['SANDBOX_TEST_HIDDEN'] = 'hidden';
const directory = mkdtempSync(join(tmpdir(), 'guardstile-runtime-'));
const sandbox = osSandbox({
  tools: toolsNamed('double', 'read', 'environment', 'connects', 'overwrites'),
  env: ['SANDBOX_TEST_SHOWN'],
  driver: sandboxRuntime(SandboxManager),
  timeoutMs: 60_000,
});
const guard = guardIn(sandbox);
const checked = await sandbox.check();
const itWithRuntime = itWhere(
  checked.ok,
  `sandbox-runtime (${checked.ok ? 'there' : checked.reason})`,
);

afterAll(async () => {
  await guard.close();
  await SandboxManager.reset();
  rmSync(directory, { recursive: true, force: true });
});

describe('a tool under sandbox-runtime', () => {
  const call = (tool: string, args?: unknown) => ending(guard, tool, args);

  itWithRuntime('runs, and is what a policy may require', async () => {
    const requires = { files: 'os', network: 'os', processes: 'os', environment: 'os' } as const;
    const request = { tool: 'double', args: { n: 21 }, requires };
    expect(await guard.call(request, () => 'here')).toBe(42);
  });

  itWithRuntime('reads no file outside', async () => {
    const file = join(directory, 'outside');
    writeFileSync(file, 'outside', { mode: 0o644 });
    expect(await call('read', { path: file })).toMatchObject({ threw: { code: 'ENOENT' } });
    expect(await call('read', { path: '/etc/passwd' })).toMatchObject({
      threw: { code: 'ENOENT' },
    });
  });

  itWithRuntime('sees the variables that are declared and no other one', async () => {
    const { value } = (await call('environment')) as { value: Record<string, string> };
    const { PWD: _, SHLVL: __, ...seen } = value;
    expect(seen).toEqual({ SANDBOX_TEST_SHOWN: "it's shown" });
  });

  itWithRuntime('connects to nothing', async () => {
    const server = createServer((socket) => socket.destroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await call('connects', { port })).toEqual({ value: 'failed' });
    server.close();
  });

  itWithRuntime(
    'changes no setting of the kernel, not even where this process is root',
    async () => {
      expect(await call('overwrites', { path: '/proc/sys/kernel/core_pattern' })).toMatchObject({
        threw: { code: matching(/^(EACCES|EROFS|EPERM)$/) },
      });
    },
  );
});

describe('the driver for sandbox-runtime', () => {
  itWithRuntime('does not rely on what somebody else initialized', async () => {
    const other = osSandbox({ tools: {}, driver: sandboxRuntime(SandboxManager) });
    expect(await other.check()).toMatchObject({
      ok: false,
      reason: containing('initialized before'),
    });
    await other.close?.();
  });

  it('says what to install where something is missing', () => {
    const bare = sandboxRuntime({
      ...SandboxManager,
      checkDependencies: () => SandboxManager.checkDependencies({ command: 'no-such-ripgrep' }),
    });
    expect(bare.unavailable()).toMatch(/ripgrep.*not found.*; install .*ripgrep/);
  });
});
