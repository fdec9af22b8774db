import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { fileAudit, verifyLog } from '@guardstile/audit';

import { auditDraft } from './audit-draft.ts';

// One thing in a process of its own, whose memory and reads are nobody else's; answers with JSON.

export interface Task {
  readonly what: 'fill' | 'open' | 'verify';
  readonly path: string;
  readonly key: string;
  readonly signingKey?: string;
  readonly checkpointEvery?: number;
  /** For `fill`: how many entries, and how many bytes more than usual in each. */
  readonly entries?: number;
  readonly pad?: number;
}

export interface Answer {
  readonly entries?: number;
  /** Most memory the process had, in bytes. */
  readonly memory?: number;
  /** What it held near the end, once everything that could be given up was. */
  readonly held?: number;
  /** What all reads together gave while the log was opened, in bytes. */
  readonly read?: number;
}

const CALLERS = 1000;

const task = JSON.parse(process.argv[2] ?? '') as Task;
process.stdout.write(JSON.stringify(await answer()));
// A log that was filled or opened is left as by a process that was killed.
process.exit();

async function answer(): Promise<Answer> {
  const { what, path, key } = task;
  if (what === 'fill') return fill();
  if (what === 'open') return open();
  return verify(path, key);
}

function verify(path: string, key: string): Answer {
  const nearEnd = (task.entries ?? 0) * 0.9;
  let held = 0;
  const { entries } = verifyLog(path, { key }, (read) => {
    if (held === 0 && read > nearEnd) held = memoryHeld();
  });
  return { entries, held, memory: process.resourceUsage().maxRSS * 1024 };
}

function memoryHeld(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Buffers are given back one collection after whoever held them.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function fill(): Promise<Answer> {
  const { path, entries = 0, pad = 0, what: _, ...options } = task;
  const log = fileAudit(path, { ...options, checkpointEveryMs: 1e9, deadlineMs: 600_000 });
  const draft = { ...auditDraft, payload: 'x'.repeat(pad) };
  for (let left = entries; left > 0; left -= CALLERS) {
    await Promise.all(Array.from({ length: Math.min(left, CALLERS) }, () => log.append(draft)));
  }
  return { entries };
}

async function open(): Promise<Answer> {
  const { path, key } = task;
  const before = bytesRead();
  fileAudit(path, { key });
  return { read: bytesRead() - before };
}

/** By the system's own count. */
function bytesRead(): number {
  const count = /^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1];
  if (count === undefined) throw new Error('this system does not count what a process reads');
  return Number(count);
}
