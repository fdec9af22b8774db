import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sqliteLimits } from '@guardstile/limits';
import { onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('racer.ts', import.meta.url));

export interface RaceOptions {
  readonly max: number;
  readonly processes: number;
  /** How often a process is killed and started again. */
  readonly kills: number;
}

/** Who was granted what, and what the limit has left. */
export interface RaceResult {
  readonly granted: readonly string[];
  readonly killed: number;
  readonly left: number | undefined;
}

interface Racer {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown>;
}

/** Lets processes use up one limit, and kills some of them in between. */
export async function race({ max, processes, kills }: RaceOptions): Promise<RaceResult> {
  // Where nobody waits for a disk, most of them are at it at the same moment.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(base, 'guardstile-race-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'raced.db');
  const own = Array.from({ length: processes }, (_, i) => join(folder, `granted-${i}`));

  const start = async (file: string): Promise<Racer> => {
    const child = fork(program, [path, file, String(max)], { stdio: ['ignore', 2, 2, 'ipc'] });
    await once(child, 'message');
    return { child, exit: once(child, 'exit') };
  };
  const racers = await Promise.all(own.map(start));
  for (const { child } of racers) child.send('go');

  let killed = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const i = kill % processes;
    const [file, racer] = [own[i], racers[i]];
    if (file === undefined || racer === undefined) continue;
    // Killed while it is at it: after it was granted some more, wherever it is by then.
    await Promise.race([growth(file, racer.child), racer.exit]);
    if (racer.child.exitCode === null && racer.child.kill('SIGKILL')) killed += 1;
    await racer.exit;
    const again = await start(file);
    racers[i] = again;
    again.child.send('go');
  }
  for (const { exit } of racers) {
    const [code] = (await exit) as readonly unknown[];
    if (code !== 0) throw new Error('a racer failed');
  }
  const limits = sqliteLimits(path);
  const claim = { key: 'raced', amount: 1, max, windowMs: 1 };
  const last = await limits.reserve([claim], 'last', 1);
  limits.close();
  return {
    granted: own.flatMap(linesOf),
    killed,
    left: last.ok ? undefined : last.left,
  };
}

/** Settles when the file has grown, or when nobody writes it any more. */
async function growth(file: string, child: ChildProcess): Promise<void> {
  const from = sizeOf(file);
  while (sizeOf(file) <= from && child.exitCode === null) await new Promise(setImmediate);
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}
