import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { allowAll, createGuard, type Guard, isGuardError, type Sandbox } from '@guardstile/core';

const TOOLS = new URL('./tools.ts', import.meta.url);

/** The tools of `tools.ts`, by name. */
export function toolsNamed(...names: readonly string[]): Readonly<Record<string, { module: URL }>> {
  return Object.fromEntries(names.map((name) => [name, { module: TOOLS }]));
}

/** A module of its own for one test file: no process of another one has its path in its command line. */
export function ownCopy(name: string): { readonly module: URL; readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-copy-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, `${name}.mts`);
  copyFileSync(new URL(`./${name}.ts`, import.meta.url), path);
  return { module: pathToFileURL(path), path };
}

/** The tools of a copy of `bombs.ts`, by name. */
export function bombsIn(module: URL): Readonly<Record<string, { module: URL }>> {
  return Object.fromEntries(BOMBS.map((name) => [name, { module }]));
}

const BOMBS = [
  'hoardsObjects',
  'hoardsBuffers',
  'computes',
  'backtracks',
  'prints',
  'floods',
  'leavesBehind',
  'forks',
];

/** What became of a call through a guard. */
export type Ending =
  | { readonly value: unknown }
  | { readonly code: string; readonly message: string }
  | { readonly threw: unknown };

export function guardIn(sandbox: Sandbox | readonly Sandbox[]): Guard {
  return createGuard({ policy: allowAll(), sandbox });
}

/** A call whose body in this process says so, since it must not run. */
export async function ending(
  guard: Guard,
  tool: string,
  args: unknown = {},
  signal?: AbortSignal,
): Promise<Ending> {
  const context = signal === undefined ? {} : { context: { signal } };
  try {
    return { value: await guard.call({ tool, args, ...context }, () => 'ran in this process') };
  } catch (error) {
    if (isGuardError(error)) return { code: error.code, message: error.message };
    return { threw: error };
  }
}

/** Processes of this machine whose command line contains a text. */
export function running(marker: string): readonly number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

/** Ends a process, or a group by its negated id, which may have ended on its own a moment before. */
export function killLeft(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until no such process runs any more; false when some still do in the end. */
export async function allGone(marker: string, ms = 10_000): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (running(marker).length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Waits until such a process runs. */
export async function anyRunning(marker: string): Promise<void> {
  await until(() => running(marker).length > 0);
}

/** Waits until such a process computes. */
export async function anyBusy(marker: string): Promise<void> {
  await until(() => running(marker).some(computes));
}

function computes(pid: number): boolean {
  try {
    return / R /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').slice(0, 60));
  } catch {
    return false;
  }
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A text that no other process has in its command line. */
export function uniqueMarker(): string {
  return `marker-${process.pid}-${Math.random().toString(36).slice(2)}`;
}
