import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Guarantees, SandboxCheck } from '@guardstile/core';
import type { Caller } from './caller.ts';
import type { CanaryReport, CanaryTask } from './canary.mts';

/** The module of the canary: it starts like a tool, and sees no variable at all. */
export const CANARY: string = new URL('./canary.mjs', import.meta.url).href;

/**
 * Starts a canary that has to fail: in reading a file outside the roots, in reaching a port of this
 * machine, in seeing variables of this process, and in outliving its end.
 */
export async function prove(caller: Caller, guarantees: Guarantees): Promise<SandboxCheck> {
  const reason = caller.unavailable();
  if (reason !== undefined) return { ok: false, reason };
  return withBait(async (task) => {
    const { outcome, silent } = await caller.observe({
      url: CANARY,
      export: 'canary',
      args: task,
      signal: undefined,
    });
    if (outcome.kind !== 'value') {
      const why = 'reason' in outcome ? outcome.reason : 'it failed';
      return { ok: false, reason: `its canary did not run: ${why}` };
    }
    const report = outcome.value as CanaryReport; // of our own module; what it lacks counts against it
    const lapse = lapseOf(report, guarantees, await silent) ?? leakOf(report, guarantees);
    return lapse === undefined ? { ok: true, guarantees } : { ok: false, reason: lapse };
  });
}

/** What a canary achieved in spite of a guarantee. What it does not say counts as achieved. */
function lapseOf(
  report: CanaryReport,
  guarantees: Guarantees,
  silent: boolean,
): string | undefined {
  const { read, connected, spawned } = report as { readonly [K in keyof CanaryReport]: unknown }; // as it came
  if (guarantees.files !== 'none' && read !== false)
    return 'its canary read a file outside the roots';
  if (guarantees.network !== 'none' && connected !== false)
    return 'its canary reached a port of this machine';
  if (guarantees.processes === 'runtime' && spawned !== false)
    return 'its canary started a process';
  if (guarantees.time !== 'none' && !silent) return 'a process of its canary outlived it';
  return undefined;
}

function leakOf({ environment }: CanaryReport, guarantees: Guarantees): string | undefined {
  if (guarantees.environment === 'none') return undefined;
  const leaked = Object.entries(environment).flatMap(([name, value]) =>
    process.env[name] === value ? [name] : [],
  );
  return leaked.length === 0 ? undefined : `its canary saw ${leaked.join(', ')}`;
}

async function withBait<T>(use: (task: CanaryTask) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'guardstile-canary-'));
  const server = createServer((socket) => socket.destroy());
  try {
    const file = join(directory, 'outside');
    await writeFile(file, 'outside');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return await use({ file, port });
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}
