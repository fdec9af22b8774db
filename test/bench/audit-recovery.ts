import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { createAuditKeys } from '@guardstile/audit';

import { runAuditProcess } from './run-audit-process.ts';

export interface RecoveryCost {
  /** Size of the log, in bytes. */
  readonly log: number;
  /** How much of it is behind its last checkpoint. */
  readonly behind: number;
  /** How much the process read that opened it. */
  readonly read: number;
}

/** What opening a log reads whose writer was killed some entries behind its last checkpoint. */
export async function recoveryCost(
  path: string,
  size: { readonly entries: number; readonly behind: number; readonly pad: number },
): Promise<RecoveryCost> {
  const { key, signingKey } = createAuditKeys();
  const keys = { path, key, signingKey };
  const { entries, behind, pad } = size;
  await runAuditProcess({ what: 'fill', ...keys, entries, pad, checkpointEvery: entries });
  const before = bytesIn(path);
  await runAuditProcess({ what: 'fill', ...keys, entries: behind, pad, checkpointEvery: 1e9 });
  const log = bytesIn(path);
  const { read = NaN } = await runAuditProcess({ what: 'open', path, key });
  return { log, behind: log - before, read };
}

function bytesIn(path: string): number {
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}
