import { Worker } from 'node:worker_threads';

import { GuardError } from '@guardstile/core';

import type { PieceReport } from './read-piece.ts';
import { type Job, type Said, withBuffers, type WorkerSetup } from './serve-reading.ts';

export interface ReadingThreads {
  /** How many at once. */
  readonly threads: number;
  readonly setup: WorkerSetup;
  readonly progress: (entries: number) => void;
  /** What they run. @default the worker beside this file */
  readonly script?: URL;
}

/**
 * Reads pieces in threads, in any order; the reports are in the order of the jobs.
 *
 * @throws {GuardError} `audit_error` when a thread fails or ends before it has said everything.
 */
export async function readInThreads(
  jobs: readonly Job[],
  { threads, setup, progress, script = SCRIPT }: ReadingThreads,
): Promise<readonly PieceReport[]> {
  const reports = new Map<Job, PieceReport>();
  const left = [...jobs];
  const workers: Worker[] = [];

  function work(): Promise<void> {
    const worker = new Worker(script, { workerData: setup });
    workers.push(worker);
    return new Promise((resolve, reject) => {
      let job: Job | undefined;
      const next = (): void => {
        job = left.shift();
        if (job === undefined) resolve();
        else worker.postMessage(job, []);
      };
      worker.on('message', (said: Said) => {
        if ('read' in said) return progress(said.read);
        const { report } = said;
        if (job !== undefined) {
          reports.set(job, {
            ...report,
            from: withBuffers(report.from),
            to: withBuffers(report.to),
          });
        }
        return next();
      });
      worker.on('error', (cause) => reject(unfinished(cause)));
      worker.on('exit', () => reject(unfinished('it ended')));
      next();
    });
  }

  try {
    await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return jobs.map((job) => reports.get(job) ?? failUnread());
}

/** Beside this file, as source and as what is shipped. */
const SCRIPT = new URL(import.meta.url.replace('reading-threads', 'verify-worker'));

function failUnread(): never {
  throw unfinished('it left something out');
}

function unfinished(cause: unknown): GuardError {
  return new GuardError(
    'audit_error',
    `the log was not verified: a thread that read it failed (${String(cause)}); try again, or with --workers 0`,
    { cause },
  );
}
