import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAuditKeys, fileAudit, verifyLog } from '@guardstile/audit';
import type { AuditDraft } from '@guardstile/core';
import { isGuardError } from '@guardstile/core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const options = { key: keys.key, checkpointEvery: 1e9, checkpointEveryMs: 1e9 };
const FILE = '0000000000000000.jsonl';
const LINE_FEED = 10;

/** A directory in memory, where there is one: thousands of logs are opened here. */
function quickDirectory(): string {
  if (!existsSync('/dev/shm')) return temporaryDirectory();
  const directory = mkdtempSync(join('/dev/shm', 'guardstile-audit-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const entry = (n: number): AuditDraft => ({
  kind: 'application',
  action: 'test',
  actor: 'test',
  payload: { n },
});

/** The bytes of a log of five entries that nobody closed, and where its lines end. */
let bytes = Buffer.alloc(0);
let ends: readonly number[] = [];

beforeAll(async () => {
  const path = mkdtempSync(join(tmpdir(), 'guardstile-audit-'));
  const log = fileAudit(path, options);
  for (let n = 0; n < 4; n += 1) await log.append(entry(n));
  bytes = readFileSync(join(path, FILE));
  ends = [...bytes.entries()].filter(([, byte]) => byte === LINE_FEED).map(([at]) => at + 1);
  await log.close();
  rmSync(path, { recursive: true });
});

/** How a log with this content opens: how many of its entries count, or the code of the refusal. */
async function openWith(path: string, content: Buffer): Promise<number | string> {
  mkdirSync(path, { recursive: true });
  for (const name of readdirSync(path)) if (name !== 'lock') rmSync(join(path, name));
  writeFileSync(join(path, FILE), content);
  let log;
  try {
    log = fileAudit(path, options);
  } catch (error) {
    return isGuardError(error) ? error.code : String(error);
  }
  // The first entry of this process is a recovery.
  const { seq } = await log.append(entry(-1));
  await log.close();
  return seq - 1;
}

/** What lies in quarantine, without names. */
function quarantined(path: string): readonly Buffer[] {
  return readdirSync(path)
    .filter((name) => name.includes('.torn-'))
    .map((name) => readFileSync(join(path, name)));
}

describe('the last entries of a log', () => {
  it('cut at any byte, are exactly the whole ones, and the rest is in quarantine', async () => {
    const path = join(quickDirectory(), 'log');
    for (let cut = ends[1] ?? 0; cut <= bytes.length; cut += 1) {
      const whole = ends.filter((end) => end <= cut).length;
      expect(await openWith(path, bytes.subarray(0, cut)), `cut at ${cut}`).toBe(whole);
      const rest = bytes.subarray(ends[whole - 1] ?? 0, cut);
      expect(quarantined(path), `cut at ${cut}`).toEqual(rest.length === 0 ? [] : [rest]);
      expect(verifyLog(path, { key: keys.key }).outcome).toBe('unproven');
    }
  });

  it('with any byte changed, are refused or put aside, and never taken for what was written', async () => {
    const path = join(quickDirectory(), 'log');
    const outcomes = { refused: 0, torn: 0 };
    const last = ends.at(-1) ?? 0;
    for (let at = ends[1] ?? 0; at < bytes.length; at += 1) {
      const line = ends.filter((end) => end <= at).length;
      const more = line === ends.length - 1 ? [0, LINE_FEED, 0xff] : [];
      for (const byte of new Set([(bytes[at] ?? 0) ^ 1, ...more])) {
        if (byte === bytes[at]) continue;
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        const found = await openWith(path, changed);
        // What ends without a line feed, or holds zeros, looks like a write that was cut off.
        const looksTorn = byte === 0 || at === last - 1;
        expect(found, `byte ${at} is ${byte}`).toBe(looksTorn ? line : 'audit_tampered');
        outcomes[looksTorn ? 'torn' : 'refused'] += 1;
        if (looksTorn) expect(quarantined(path)).toEqual([changed.subarray(ends[line - 1])]);
      }
    }
    console.log(`bytes changed: ${JSON.stringify(outcomes)}`);
    expect(outcomes.refused).toBeGreaterThan(outcomes.torn);
  });

  it('with whole pages that never reached the disk, are put aside', async () => {
    const path = join(quickDirectory(), 'log');
    // A batch is on disk page by page, in any order, until fdatasync has answered.
    const from = ends[1] ?? 0;
    for (const page of [16, 100, 200]) {
      for (let mask = 1; mask < 16; mask += 1) {
        const content = Buffer.from(bytes);
        for (let n = 0; n < 4; n += 1) {
          if ((mask >> n) % 2 === 1) content.fill(0, from + n * page, from + (n + 1) * page);
        }
        const firstHole = from + page * Math.log2(mask & -mask);
        const whole = ends.filter((end) => end <= firstHole).length;
        expect(await openWith(path, content), `pages ${mask} of ${page}`).toBe(whole);
      }
    }
  });
});
