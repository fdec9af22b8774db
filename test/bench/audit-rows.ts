import { strict as assert } from 'node:assert';
import { createHmac, createSecretKey } from 'node:crypto';
import { fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createAuditKeys, fileAudit, verifyLog } from '@guardstile/audit';
import { pino } from 'pino';

import { sealEntry } from '../../packages/audit/src/seal-entry.ts';
import { auditDraft as draft } from './audit-draft.ts';
import { compare, type Group, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';

const CALLERS = 128;
const ENTRIES = 2000;

const datasync = promisify(fdatasync);
const writeAll = promisify(write);

const keys = createAuditKeys();
const key = createSecretKey(Buffer.from(keys.key));

const place = { log: 'log_bench', seq: 1, ts: 1_700_000_000_000, prev: '0'.repeat(64) };

/** The log on disk: what a call waits for, and what verification costs. */
export async function auditRows({ generateText: plan }: BenchPlan): Promise<Group> {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-bench-'));
  const { variants, end } = diskVariants(directory);
  try {
    const rounds = await measure(variants, { ...plan, warmupPasses: Math.min(plan.passes, 30) });
    return {
      title: 'Audit log on disk, ÷ the same by hand in the same run',
      notes: [
        `entries of ${sealEntry(draft, place, key).line.length} bytes, key and signing key set, segments and checkpoints as by default`,
        `"ideal, ${CALLERS} callers": ${CALLERS} entry builds, one write at the end of a file, one fdatasync; at least 0.65 of its rate is at most 1.54 of its time`,
        `pino: ${CALLERS} lines to a file with its defaults, no fsync; at least 0.7 of its rate is at most 1.43 of its time`,
        '"one caller": one append at a time, over a bare asynchronous write of the same bytes at the end of a file and fdatasync',
        'entry build: canonical form, chain hash and HMAC, over one HMAC of the same bytes',
        `verification: ${ENTRIES} entries with chain, tree and HMAC, over the HMACs alone; at least 25 % of that speed is at most 4 times its time`,
      ],
      rows: compare(rounds, [
        row(`${CALLERS} callers ÷ ideal`, 'log, many', 'ideal, many', 1 / 0.65),
        row(`${CALLERS} callers ÷ pino`, 'log, many', 'pino, many', 1 / 0.7),
        { what: 'one fdatasync per entry ÷ ideal', of: 'each, many', over: 'ideal, many' },
        row('one caller ÷ bare write and fdatasync', 'log, one', 'bare, one', 1.15),
        row('entry build ÷ one HMAC', 'build', 'hmac', 2),
        row('verification ÷ HMACs alone', 'verify', 'hmacs', 4),
      ]),
      times: times(rounds),
    };
  } finally {
    await end();
    rmSync(directory, { recursive: true, force: true });
  }
}

function row(what: string, of: string, over: string, limit: number) {
  return { what, of, over, targets: [{ statistic: 'p50', limit }] } as const;
}

function diskVariants(directory: string): {
  readonly variants: readonly Variant[];
  readonly end: () => Promise<void>;
} {
  const log = fileAudit(join(directory, 'log'), keys);
  const filled = join(directory, 'filled');
  const ideal = openSync(join(directory, 'ideal'), 'w');
  const logger = pino(pino.destination({ dest: join(directory, 'pino'), sync: true }));
  const line = Buffer.from(sealEntry(draft, place, key).line);
  const lines = Buffer.concat(Array.from({ length: CALLERS }, () => line));
  const many = Array.from({ length: CALLERS }, (_, i) => i);

  let end = 0;
  // At the end, as the log does: a file that grows costs the disk more than one that does not.
  const durably = async (bytes: Buffer): Promise<void> => {
    await writeAll(ideal, bytes, 0, bytes.length, end);
    end += bytes.length;
    await datasync(ideal);
  };
  const hmac = (): string => createHmac('sha256', key).update(line).digest('hex');

  let ready: Promise<void> | undefined;
  const fill = async (): Promise<void> => {
    const full = fileAudit(filled, keys);
    await Promise.all(Array.from({ length: ENTRIES }, () => full.append(draft)));
    await full.close();
  };

  return {
    variants: [
      variant('log, many', () => Promise.all(many.map(() => log.append(draft)))),
      variant('ideal, many', () => {
        for (const seq of many) sealEntry(draft, { ...place, seq }, key);
        return durably(lines);
      }),
      variant('pino, many', () => {
        for (const seq of many) logger.info({ ...draft, seq }, draft.action);
      }),
      variant('each, many', async () => {
        for (const _ of many) await durably(line);
      }),
      variant('log, one', () => log.append(draft)),
      variant('bare, one', () => durably(line)),
      { name: 'build', iterations: 64, run: () => sealEntry(draft, place, key) },
      { name: 'hmac', iterations: 64, run: hmac },
      variant('verify', async () => {
        await (ready ??= fill());
        const { outcome } = verifyLog(filled, { key: keys.key });
        assert.equal(outcome, 'unproven');
      }),
      variant('hmacs', () => {
        for (let i = 0; i < ENTRIES; i += 1) hmac();
      }),
    ],
    end: async () => log.close(),
  };
}

function variant(name: string, run: () => unknown): Variant {
  return { name, iterations: 1, run };
}
