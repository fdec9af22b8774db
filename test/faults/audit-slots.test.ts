import { once } from 'node:events';
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import {
  createAuditKeys,
  fileAudit,
  fileEntries,
  followLog,
  logsIn,
  verifyLog,
  verifyLogs,
} from '@guardstile/audit';
import type { AuditDraft } from '@guardstile/core';
import { describe, expect, it, onTestFinished } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ledger, startWriter, type WriterOptions, writeUntil } from './audit-ledger.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const entry: AuditDraft = { kind: 'application', action: 'test', actor: 'test' };

const outcomes = (path: string, options = {}): readonly string[] =>
  verifyLogs(path, { key: keys.key, ...options }).map(({ outcome }) => outcome);

const faults = (path: string, options = {}): readonly string[] =>
  verifyLogs(path, options).flatMap(({ fault }) => (fault === undefined ? [] : [fault.reason]));

/** Logs of two processes in one directory, both closed. */
async function twoLogs(
  more: Partial<WriterOptions> = {},
): Promise<{ readonly path: string; readonly ledgers: readonly Ledger[] }> {
  const path = join(temporaryDirectory(), 'logs');
  const options = { path, keys, slots: 2, calls: 20, ...more };
  const ledgers = await Promise.all([writeUntil(options), writeUntil(options)]);
  // The second may have started when the first had ended.
  if (logsIn(path).length === 3) return { path, ledgers };
  const holder = fileAudit(path, { ...keys, slots: 2 });
  await holder.append(entry);
  const third = await writeUntil(options);
  await holder.close();
  return { path, ledgers: [...ledgers, third] };
}

describe('several processes with logs in one directory', () => {
  it('lose nothing when they are killed, and the next ones go on with their logs', async () => {
    const path = join(temporaryDirectory(), 'logs');
    const options = { path, keys, slots: 3 };
    for (let round = 0; round < 3; round += 1) {
      const ledgers = await Promise.all(
        [40, 60, 80].map(async (lines) => writeUntil(options, { lines })),
      );
      const log = fileAudit(path, { ...keys, slots: 3 });
      await log.append(entry);
      const hashes = new Set([...log.entries()].map(({ hash }) => hash));
      for (const { acknowledged, errors, killed } of ledgers) {
        expect(killed, errors).toBe(true);
        expect([...acknowledged.values()].filter((hash) => !hashes.has(hash))).toEqual([]);
      }
      const allowed = new Set([...log.entries({ action: 'tool.allow' })].map(({ rid }) => rid));
      const ran = ledgers.flatMap((ledger) => ledger.ran);
      expect(ran.filter((rid) => !allowed.has(rid))).toEqual([]);
      expect(log.verify()).toMatchObject({ ok: true });
      await log.close();
    }
    expect(logsIn(path).length).toBeLessThanOrEqual(4);
    expect(new Set(outcomes(path))).toEqual(new Set(['unproven']));
    const times = [...fileEntries(path)].map(({ ts }) => ts);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('are as many as there are slots', async () => {
    const path = join(temporaryDirectory(), 'logs');
    const writer = startWriter({ path, keys, slots: 1 });
    onTestFinished(async () => {
      writer.kill('SIGKILL');
      await once(writer, 'close');
    });
    for await (const line of createInterface({ input: writer.stdout })) {
      if (line.startsWith('ran ')) break;
    }
    writer.stdout.resume();
    const refused = await writeUntil({ path, keys, slots: 1 });
    expect(refused.refused).toEqual(['audit_locked']);
    const other = await writeUntil({ path, keys, slots: 2, calls: 2 });
    expect(other).toMatchObject({ refused: [], closed: true });
    expect(() => fileAudit(path, keys)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});

describe('a log among several', () => {
  it('that is deleted is missed, by whoever verifies and by the next start', async () => {
    const { path } = await twoLogs();
    rmSync(join(path, '2'), { recursive: true });
    expect(faults(path)).toEqual([expect.stringMatching(/^the log log_\w+ is gone$/)]);
    const log = fileAudit(path, { ...keys, slots: 2 });
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_rolled_back' });
    await log.close().catch(() => undefined);
  });

  it('that another one was put in the place of is missed', async () => {
    const [{ path }, stranger] = [await twoLogs(), await twoLogs()];
    rmSync(join(path, '1'), { recursive: true });
    cpSync(join(stranger.path, '1'), join(path, '1'), { recursive: true });
    expect(faults(path)[0]).toContain('the registry says');
    const log = fileAudit(path, { ...keys, slots: 2 });
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_rolled_back' });
    await log.close().catch(() => undefined);
  });

  it('that lost its end after it was closed is caught by the registry', async () => {
    const { path } = await twoLogs({ segmentBytes: 1e6 });
    const [file = ''] = readdirSync(join(path, '1')).filter((name) => name.endsWith('.jsonl'));
    const at = join(path, '1', file);
    const lines = readFileSync(at, 'utf8').split('\n');
    writeFileSync(at, `${lines.slice(0, -3).join('\n')}\n`);
    expect(faults(path)[0]).toContain('the registry knows them');
  });

  it('is missed with its registry, too, where checkpoints are anchored', async () => {
    const anchor = temporaryDirectory();
    const { path } = await twoLogs({ anchor });
    const checkpoints = readdirSync(anchor).map((name) => readFileSync(join(anchor, name), 'utf8'));
    const against = { publicKey: keys.publicKey, checkpoints };
    expect(outcomes(path, against)).toEqual(['verified', 'verified', 'verified']);
    const before = join(temporaryDirectory(), 'fresh');
    const fresh = await writeUntil({ path: before, keys, slots: 2, calls: 1 });
    expect(fresh.closed).toBe(true);
    expect(faults(before, against).filter((reason) => reason.endsWith('is gone'))).toHaveLength(3);
  });

  it('that nobody registered is no log of these', async () => {
    const { path } = await twoLogs();
    cpSync(join(path, '1'), join(path, '7'), { recursive: true });
    expect(faults(path)[0]).toContain('the registry does not know');
    rmSync(join(path, '7'), { recursive: true });
    rmSync(join(path, 'registry'), { recursive: true });
    const log = fileAudit(path, { ...keys, slots: 2 });
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_rolled_back' });
    await log.close().catch(() => undefined);
  });

  it('is open to the next start after its registry was cut off in the middle of a line', async () => {
    const { path } = await twoLogs();
    const [file = ''] = readdirSync(join(path, 'registry')).filter((name) =>
      name.endsWith('.jsonl'),
    );
    appendFileSync(join(path, 'registry', file), `{"e":{"action":"log.le${'\0'.repeat(50)}\n`);
    const log = fileAudit(path, { ...keys, slots: 2 });
    await log.append(entry);
    await log.close();
    expect(new Set(outcomes(path))).toEqual(new Set(['unproven']));
  });

  it('is followed with the others, and read alone only by its own path', async () => {
    const { path } = await twoLogs();
    const hashes = [...followLog(path).take()].map(({ hash }) => hash);
    expect(hashes.toSorted()).toEqual([...fileEntries(path)].map(({ hash }) => hash).toSorted());
    expect(() => verifyLog(path)).toThrow(expect.objectContaining({ code: 'options_invalid' }));
    expect(verifyLog(logsIn(path)[1] ?? '').outcome).toBe('unproven');
  });

  it('that its writer had no time to register is taken up', async () => {
    const path = join(temporaryDirectory(), 'logs');
    const alone = fileAudit(join(path, '1'), keys);
    await alone.close();
    const log = fileAudit(path, { ...keys, slots: 1 });
    await log.append(entry);
    expect(log.verify()).toMatchObject({ ok: true });
    expect(log.id).toBe(alone.id);
    await log.close();
    expect(outcomes(path)).toEqual(['unproven', 'unproven']);
  });
});
