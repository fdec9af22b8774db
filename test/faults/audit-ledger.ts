import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { type AuditKeys, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';
import { expect } from 'vitest';

import { workspaceRoot } from '../support/workspace-root.ts';

/** What a writer said before it ended. */
export interface Ledger {
  /** Hashes of acknowledged entries by position. */
  readonly acknowledged: ReadonlyMap<number, string>;
  /** Requests whose body ran. */
  readonly ran: readonly string[];
  /** Codes of the calls that were denied, and of a log that did not open. */
  readonly denied: readonly string[];
  readonly refused: readonly string[];
  readonly closed: boolean;
  /** Whether SIGKILL ended it; `strace` answers that by an exit code. */
  readonly killed: boolean;
  readonly errors: string;
}

export interface WriterOptions {
  readonly path: string;
  readonly keys: AuditKeys;
  readonly kind?: 'file' | 'sqlite';
  readonly callers?: number;
  /** How many calls each caller makes. */
  readonly calls?: number;
  readonly checkpointEvery?: number;
  readonly segmentBytes?: number;
  /** Size of a text among the arguments. */
  readonly pad?: number;
  /** Kill it in the middle of its nth write, when this part of it is done. */
  readonly tear?: { readonly nth: number; readonly part: number } | null;
  /** How many processes may write at once. */
  readonly slots?: number | null;
  /** Directory of a file anchor. */
  readonly anchor?: string | null;
}

/** Starts a process that writes a log; `under` is a command that runs it, such as `strace`. */
export function startWriter(
  options: WriterOptions,
  under: readonly string[] = [],
): ChildProcessByStdio<null, Readable, Readable> {
  const defaults = {
    kind: 'file',
    callers: 4,
    calls: 1e9,
    checkpointEvery: 50,
    segmentBytes: 20_000,
    pad: 0,
    tear: null,
    anchor: null,
    slots: null,
  };
  const script = join(workspaceRoot, 'test/faults/audit-writer.ts');
  const [command = '', ...args]: readonly string[] = [
    ...under,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    script,
    JSON.stringify({ ...defaults, ...options }),
  ];
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // One thread does the file work, so that a fault counts calls in their order.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
}

/** Lets a writer work until it ends, or until it has said `lines` lines and is killed for it. */
export async function writeUntil(
  options: WriterOptions,
  { lines = Infinity, under = [] }: { lines?: number; under?: readonly string[] } = {},
): Promise<Ledger> {
  const child = startWriter(options, under);
  const acknowledged = new Map<number, string>();
  const [ran, denied, refused]: [string[], string[], string[]] = [[], [], []];
  let closed = false;
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let count = 0;
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    const [word, first = '', second = ''] = line.split(' ');
    if (word === 'ran') ran.push(first);
    if (word === 'denied') denied.push(first);
    if (word === 'refused') refused.push(first);
    if (word === 'closed') closed = true;
    if (word === 'acknowledged' && second.length === 64) acknowledged.set(Number(first), second);
    count += 1;
    if (count === lines) child.kill('SIGKILL');
  });
  const [[code, signal]] = (await Promise.all([once(child, 'close'), once(reader, 'close')])) as [
    [number | null, NodeJS.Signals | null],
    unknown,
  ];
  return {
    acknowledged,
    ran,
    denied,
    refused,
    closed,
    killed: signal === 'SIGKILL' || code === 137,
    errors,
  };
}

/** What a log holds after a fault. */
export interface Aftermath {
  /** Attempts that were allowed and have no outcome, as the next start tells them. */
  readonly unknown: readonly string[];
  readonly tornTail: boolean;
}

/**
 * What has to hold after every fault: the next start works, no acknowledged entry is lost, nothing
 * ran without its allow on disk, and the log verifies.
 */
export async function expectWhole(
  { path, keys, kind = 'file' }: WriterOptions,
  ledger: Ledger,
): Promise<Aftermath> {
  const log = kind === 'file' ? fileAudit(path, keys) : sqliteAudit(path, keys);
  // Answered only once its first entry of this process is there.
  await log.append({ kind: 'application', action: 'checked', actor: 'test' });
  const entries = new Map([...log.entries()].map((entry) => [entry.seq, entry]));
  const lost = [...ledger.acknowledged].filter(([seq, hash]) => entries.get(seq)?.hash !== hash);
  expect(lost, 'acknowledged and lost').toEqual([]);
  const allowed = new Set(
    [...entries.values()].flatMap(({ action, rid }) => (action === 'tool.allow' ? [rid] : [])),
  );
  const unrecorded = ledger.ran.filter((rid) => !allowed.has(rid));
  expect(unrecorded, 'ran without an allow on disk').toEqual([]);
  const started = [...entries.values()].findLast(({ kind: is }) => is === 'recovery');
  await log.close();
  const { outcome, fault } = verifyLog(path, { key: keys.key });
  expect({ outcome, fault }).toEqual({ outcome: 'unproven', fault: undefined });
  const { unknown = [], dropped } = (started?.payload ?? {}) as Partial<Aftermath> & {
    readonly dropped?: unknown;
  };
  return { unknown, tornTail: dropped !== undefined };
}
