import { readdirSync, readFileSync } from 'node:fs';
import { allowAll, createGuard, type Guard, isGuardError, type Sandbox } from '@guardstile/core';

const module = new URL('./tools.ts', import.meta.url);

/** The tools of `tools.ts`, by name. */
export function toolsNamed(...names: readonly string[]): Readonly<Record<string, { module: URL }>> {
  return Object.fromEntries(names.map((name) => [name, { module }]));
}

const bombs = new URL('./bombs.ts', import.meta.url);

/** The tools of `bombs.ts`, by name. */
export const BOMBS: Readonly<Record<string, { module: URL }>> = Object.fromEntries(
  [
    'hoardsObjects',
    'hoardsBuffers',
    'computes',
    'backtracks',
    'prints',
    'floods',
    'leavesBehind',
    'forks',
  ].map((name) => [name, { module: bombs }]),
);

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

/** Waits until no such process runs any more; false when some still do after ten seconds. */
export async function allGone(marker: string): Promise<boolean> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (running(marker).length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Waits until such a process computes. */
export async function anyBusy(marker: string): Promise<void> {
  const busy = (pid: number): boolean => /\) R /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  while (!running(marker).some(busy)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A text that no other process has in its command line. */
export function uniqueMarker(): string {
  return `marker-${process.pid}-${Math.random().toString(36).slice(2)}`;
}
