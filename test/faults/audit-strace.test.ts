import { join } from 'node:path';

import { createAuditKeys } from '@guardstile/audit';
import { describe, expect } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { expectWhole, type WriterOptions } from './audit-ledger.ts';
import { itWhere } from './it-where.ts';
import { type Calls, canInject, countCalls, runWithFault } from './strace.ts';

// All of them, not a sample: GUARDSTILE_FAULTS=all npx vitest run test/faults/audit-strace.test.ts
const ALL = process.env['GUARDSTILE_FAULTS'] === 'all';
/** So many runs at once. */
const LANES = 3;
const CALLS = 3;

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const itInjects = itWhere(canInject(), 'strace, allowed to trace');

function options(kind: 'file' | 'sqlite'): WriterOptions {
  const path = join(temporaryDirectory(), 'log');
  return { path, keys, kind, callers: 1, calls: CALLS, checkpointEvery: 4, segmentBytes: 2000 };
}

const FAULTS = ['error=EIO', 'signal=KILL'] as const;

async function failOnce(
  kind: 'file' | 'sqlite',
  calls: Calls,
  fault: (typeof FAULTS)[number],
  nth: number,
): Promise<void> {
  const run = options(kind);
  const ledger = await runWithFault(calls, fault, nth, run);
  const what = `${calls.name} ${nth} ${fault}`;
  if (fault === 'signal=KILL') expect(ledger.killed, what).toBe(true);
  else {
    // Whatever could not be written was denied, and the process lives.
    expect([ledger.killed, ledger.errors], what).toEqual([false, '']);
    expect(new Set([...ledger.denied, ...ledger.refused, 'audit_error'])).toEqual(
      new Set(['audit_error']),
    );
    const opened = ledger.ran.length + ledger.denied.length > 0;
    if (opened) expect(ledger.ran.length + ledger.denied.length, what).toBe(CALLS);
    else expect(ledger.refused, what).toEqual(['audit_error']);
  }
  await expectWhole(run, ledger);
}

async function failEvery(kind: 'file' | 'sqlite', calls: Calls, stride: number): Promise<void> {
  const count = await countCalls(calls, options(kind));
  expect(count).toBeGreaterThan(2);
  const faults = FAULTS.flatMap((fault) =>
    Array.from({ length: count }, (_, n) => ({ fault, nth: n + 1 })),
  ).filter(({ nth }) => ALL || nth % stride === 1 % stride);
  async function lane(): Promise<void> {
    for (let next = faults.shift(); next !== undefined; next = faults.shift()) {
      await failOnce(kind, calls, next.fault, next.nth);
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
}

const BESIDE = ['mark.json.new', 'checkpoint.new'];

describe('a system call that fails, or is the last one, loses nothing and runs nothing unrecorded', () => {
  const timeout = ALL ? 900_000 : 120_000;
  itInjects(
    'at every write of a file log',
    () => failEvery('file', { name: 'pwrite64' }, 1),
    timeout,
  );
  itInjects(
    'at every fdatasync of a file log',
    () => failEvery('file', { name: 'fdatasync' }, 1),
    timeout,
  );
  itInjects(
    'at the fsyncs of its directory and of what is beside it',
    () => failEvery('file', { name: 'fsync' }, 2),
    timeout,
  );
  itInjects(
    'at the writes of its marks and checkpoints',
    () => failEvery('file', { name: 'write', files: BESIDE }, 3),
    timeout,
  );
  itInjects(
    'at the writes of an sqlite log',
    () => failEvery('sqlite', { name: 'pwrite64' }, 29),
    timeout,
  );
  itInjects(
    'at the fsyncs of an sqlite log',
    () => failEvery('sqlite', { name: 'fsync' }, 6),
    timeout,
  );
});
