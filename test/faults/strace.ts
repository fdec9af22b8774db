import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ledger, type WriterOptions, writeUntil } from './audit-ledger.ts';

/** Whether system calls can be made to fail here. */
export function canInject(): boolean {
  const probe = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true']);
  return probe.status === 0;
}

/** System calls of a run, by name; only those on the named files where files are named. */
export interface Calls {
  readonly name: string;
  /** Paths inside the log's directory. */
  readonly files?: readonly string[];
}

function traced({ name, files = [] }: Calls, { path }: WriterOptions): readonly string[] {
  const paths = files.flatMap((file) => ['-P', join(path, file)]);
  return ['strace', '-f', '-qq', ...paths, '-e', `trace=${name}`];
}

/** How often a run makes these calls in the thread that makes most of them. */
export async function countCalls(calls: Calls, options: WriterOptions): Promise<number> {
  const out = join(temporaryDirectory(), 'trace');
  const ledger = await writeUntil(options, {
    under: [...traced(calls, options), '-o', out],
  });
  if (!ledger.closed) throw new Error(`the run did not end: ${ledger.errors}`);
  const byThread = new Map<string, number>();
  for (const line of readFileSync(out, 'utf8').split('\n')) {
    const [thread = '', call = ''] = line.split(/\s+/);
    if (call.startsWith(`${calls.name}(`)) byThread.set(thread, (byThread.get(thread) ?? 0) + 1);
  }
  return Math.max(0, ...byThread.values());
}

/** A run in which the nth of these calls (of every thread) fails, or ends the process. */
export async function runWithFault(
  calls: Calls,
  fault: 'error=EIO' | 'signal=KILL',
  nth: number,
  options: WriterOptions,
): Promise<Ledger> {
  const inject = ['-e', `inject=${calls.name}:${fault}:when=${nth}`, '-o', '/dev/null'];
  return writeUntil(options, { under: [...traced(calls, options), ...inject] });
}
