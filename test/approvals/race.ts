import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sqliteApprovals } from '@guardstile/approvals';

import { draftOf, voteOf } from './draft.ts';

const program = fileURLToPath(new URL('racer.ts', import.meta.url));

export interface RaceOptions {
  readonly approvals: number;
  readonly processes: number;
  /** How often a process is killed and started again. */
  readonly kills: number;
}

/** Who was granted what. */
export interface RaceResult {
  readonly wanted: readonly string[];
  readonly granted: readonly string[];
  readonly killed: number;
  /** How many approvals each process got. */
  readonly shares: readonly number[];
}

/** Lets processes race for the approvals of one file, and kills some of them in between. */
export async function race(
  folder: string,
  { approvals: count, processes, kills }: RaceOptions,
): Promise<RaceResult> {
  const path = join(folder, 'raced.db');
  const key = randomBytes(32);
  const wanted = await openApprovals(path, key, count);
  const own = Array.from({ length: processes }, (_, i) => join(folder, `granted-${i}`));

  const start = async (file: string): Promise<ChildProcess> => {
    const child = fork(program, [path, key.toString('hex'), file], {
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    await once(child, 'message');
    return child;
  };
  const ended = new Map<ChildProcess, Promise<unknown>>();
  const watch = (child: ChildProcess): ChildProcess => {
    ended.set(child, once(child, 'exit'));
    return child;
  };

  const racers = (await Promise.all(own.map(start))).map(watch);
  for (const racer of racers) racer.send('go');
  let killed = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const i = kill % processes;
    const file = own[i] ?? '';
    const racer = racers[i];
    if (racer === undefined) continue;
    // Killed while it is at it: after it was granted some more, wherever it is by then.
    const before = sizeOf(file);
    const finished = ended.get(racer);
    const grew = growth(file, before, () => racer.exitCode !== null);
    await Promise.race([grew, finished]);
    if (racer.exitCode === null && racer.kill('SIGKILL')) killed += 1;
    await finished;
    const again = watch(await start(file));
    racers[i] = again;
    again.send('go');
  }
  const codes = await Promise.all(racers.map(async (racer) => ended.get(racer)));
  if (codes.some((code) => (code as readonly unknown[])[0] !== 0))
    throw new Error('a racer failed');
  const shares = own.map(linesOf);
  return { wanted, granted: shares.flat(), killed, shares: shares.map(({ length }) => length) };
}

async function openApprovals(path: string, key: Buffer, count: number): Promise<string[]> {
  const approvals = sqliteApprovals(path, { key, maxPendingPerSession: count });
  const wanted = Array.from({ length: count }, (_, i) => `aid-${i}`);
  for (const aid of wanted) {
    await approvals.create(draftOf(aid, { expiresMs: 3_600_000 }), aid);
    await approvals.vote(aid, voteOf('ann'), 1);
  }
  approvals.close();
  return wanted;
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

function linesOf(file: string): readonly string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

/** Settles when the file has grown, or when nobody writes it any more. */
async function growth(file: string, from: number, isOver: () => boolean): Promise<void> {
  while (sizeOf(file) <= from && !isOver()) await new Promise(setImmediate);
}
