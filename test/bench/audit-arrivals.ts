import { setTimeout as sleep } from 'node:timers/promises';

import type { DiskAudit } from '@guardstile/audit';

import { auditDraft } from './audit-draft.ts';
import { mean, quantile } from './statistics.ts';

/** One second of a run: how many entries came, how many waited for the disk, and how long. */
export interface Second {
  readonly arrived: number;
  readonly waiting: { readonly mean: number; readonly most: number };
  /** Milliseconds from when an entry was due until it was on disk. */
  readonly latency: { readonly p50: number; readonly p99: number };
}

/**
 * Entries that come when they come (Poisson arrivals), whether or not the ones before are done. What
 * comes late because the process was busy counts from when it was due.
 */
export async function arrivals(
  log: DiskAudit,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<readonly Second[]> {
  const result: Second[] = [];
  let waiting = 0;
  const start = performance.now();
  let due = start;
  const next = (): number => (-Math.log(1 - Math.random()) / rate) * 1000;
  const pending: Array<Promise<void>> = [];
  for (let second = 1; second <= seconds; second += 1) {
    const lengths: number[] = [];
    const latencies: number[] = [];
    let arrived = 0;
    while (performance.now() < start + second * 1000) {
      for (; due <= performance.now(); due += next()) {
        const since = due;
        waiting += 1;
        arrived += 1;
        pending.push(
          log.append(auditDraft).then(() => {
            waiting -= 1;
            latencies.push(performance.now() - since);
          }),
        );
      }
      lengths.push(waiting);
      await sleep(1);
    }
    result.push({
      arrived,
      waiting: { mean: mean(lengths), most: Math.max(...lengths) },
      latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    });
  }
  await Promise.all(pending);
  return result;
}
