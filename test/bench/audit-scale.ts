import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAuditKeys, fileAudit } from '@guardstile/audit';

import { arrivals } from './audit-arrivals.ts';
import { verificationMemory } from './audit-memory.ts';
import { recoveryCost } from './audit-recovery.ts';

// `node test/bench/audit-scale.ts` (about 10 minutes and 6 GB of disk), or with `--quick`: whether the
// log on disk keeps up with 10,000 entries per second, whether verifying takes more memory for more
// entries, and how much of a large log is read when it is opened again.

const quick = process.argv.includes('--quick');
const MB = 1_000_000;
const load = (): string => `load ${(loadavg()[0] ?? 0).toFixed(1)}`;

await inDirectory(async (path) => {
  const log = fileAudit(path, createAuditKeys());
  console.log(`10,000 entries per second, Poisson arrivals (${load()})`);
  console.log('second  arrived  waiting: mean  most  ms to disk: p50   p99');
  const seconds = await arrivals(log, { rate: 10_000, seconds: quick ? 5 : 60 });
  for (const [i, { arrived, waiting, latency }] of seconds.entries()) {
    const cells = [
      String(i + 1).padStart(6),
      String(arrived).padStart(8),
      waiting.mean.toFixed(0).padStart(14),
      String(waiting.most).padStart(5),
      latency.p50.toFixed(1).padStart(16),
      latency.p99.toFixed(1).padStart(5),
    ];
    console.log(cells.join(' '));
  }
  await log.close();
});

console.log(`\nmemory of a verification (${load()})`);
for (const entries of quick ? [20_000, 100_000] : [10_000, 500_000, 5_000_000]) {
  await inDirectory(async (path) => {
    const { held, most } = await verificationMemory(path, entries);
    console.log(
      `${entries.toLocaleString('en')} entries: ${(held / MB).toFixed(1)} MB held, process ${(most / MB).toFixed(0)} MB`,
    );
  });
}

console.log(`\nopening a log whose writer was killed (${load()})`);
await inDirectory(async (path) => {
  const entries = quick ? 20_000 : 260_000;
  const { log, behind, read } = await recoveryCost(path, { entries, behind: 100, pad: 3200 });
  console.log(
    `${(log / MB).toFixed(0)} MB, ${(behind / MB).toFixed(2)} MB of it behind the last checkpoint: read ${(read / MB).toFixed(2)} MB`,
  );
});

async function inDirectory(work: (path: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-scale-'));
  try {
    await work(join(directory, 'log'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
