import { randomUUID } from 'node:crypto';
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import type { Guarantees, SandboxCheck } from '@guardstile/core';
import type { Caller } from './caller.ts';
import type { CanaryReport, CanaryTask } from './canary.mts';

/** The module of the canary: it starts like a tool. */
const CANARY: string = new URL('./canary.mjs', import.meta.url).href;

/**
 * Starts a canary that has to fail: in reading a file outside the roots, in reaching a port of this
 * machine, in seeing variables of this process, and in outliving its end.
 */
export async function prove(caller: Caller, guarantees: Guarantees): Promise<SandboxCheck> {
  const reason = caller.unavailable();
  if (reason !== undefined) return { ok: false, reason };
  const directory = await directoryOutside(caller.paths);
  if (directory === undefined) {
    return {
      ok: false,
      reason: `a bait for its canary has no place: ${places().join(', ')} cannot be written, or are within "read" or "write"; set TMPDIR to a directory outside of them`,
    };
  }
  return withBait(directory, async (task) => {
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
    const lapse = lapseOf(report, guarantees, await silent);
    return lapse === undefined ? { ok: true, guarantees } : { ok: false, reason: lapse };
  });
}

/** What a canary achieved in spite of a guarantee. What it does not say counts as achieved. */
function lapseOf(
  report: CanaryReport,
  guarantees: Guarantees,
  silent: boolean,
): string | undefined {
  const { read, connected, spawned, saw, ...seen } = report as Fields; // as it came
  if (guarantees.files !== 'none' && read !== false)
    return 'its canary read a file outside the roots';
  if (guarantees.network !== 'none' && connected !== false)
    return 'its canary reached a port of this machine';
  if (guarantees.processes === 'runtime' && spawned !== false)
    return 'its canary started a process';
  if (guarantees.environment !== 'none' && saw !== false)
    return 'its canary saw a variable of this process';
  if (guarantees.time !== 'none' && !silent) return 'a process of its canary outlived it';
  return process.platform === 'linux' ? unlimited(seen, guarantees) : undefined;
}

type Fields = { readonly [K in keyof CanaryReport]: unknown };

/** What only the kernel can guarantee, as it says itself. */
function unlimited(
  { processes, limits }: Pick<Fields, 'processes' | 'limits'>,
  guarantees: Guarantees,
): string | undefined {
  const own = readlinkSync('/proc/self/ns/pid');
  if (guarantees.processes === 'os' && (typeof processes !== 'string' || processes === own))
    return 'its canary was among the processes of this machine';
  if (guarantees.memory === 'os' && !/^Max data size +\d/m.test(String(limits)))
    return 'the memory of its canary had no limit';
  if (guarantees.cpu === 'os' && !/^Max cpu time +\d/m.test(String(limits)))
    return 'the time of its canary on the processor had no limit';
  return undefined;
}

/** Where a bait may lie. */
function places(): readonly string[] {
  return [tmpdir(), homedir(), process.cwd()];
}

/** A new directory. What tools may read would be no bait for them. */
async function directoryOutside(paths: readonly string[]): Promise<string | undefined> {
  const roots = paths.map(real);
  for (const place of places()) {
    if (roots.some((root) => real(place).startsWith(root))) continue;
    try {
      return await mkdtemp(join(place, '.guardstile-canary-'));
    } catch {
      // Perhaps it can be written elsewhere.
    }
  }
  return undefined;
}

/** Ends in a separator. */
function real(path: string): string {
  const found = existsSync(path) ? realpathSync(path) : path;
  return found.endsWith(sep) ? found : found + sep;
}

async function withBait<T>(directory: string, use: (task: CanaryTask) => Promise<T>): Promise<T> {
  const variable = `GUARDSTILE_CANARY_${randomUUID()}`;
  const server = createServer((socket) => socket.destroy());
  try {
    const file = join(directory, 'outside');
    await writeFile(file, 'outside');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    process.env[variable] = 'bait';
    return await use({ file, port, variable });
  } finally {
    Reflect.deleteProperty(process.env, variable);
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}
