import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { AuditDraft } from '@guardstile/core';
import { describe, expect, it, vi } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { Anchor } from './anchor.ts';
import { createAuditKeys } from './audit-keys.ts';
import { fileAnchor } from './file-anchor.ts';
import { fileAudit, type FileAuditOptions } from './file-audit.ts';
import { verifyLog } from './verify-log.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const entry = (n: number): AuditDraft => ({
  kind: 'application',
  action: 'test',
  actor: 'test',
  payload: { n },
});

const segments = (path: string): readonly string[] =>
  readdirSync(path).filter((name) => name.endsWith('.jsonl'));

interface Evicted {
  readonly path: string;
  readonly anchor: Anchor;
  readonly options: FileAuditOptions;
  /** The checkpoint that is anchored last. */
  readonly note: string;
}

/** A closed log that has given up its oldest segments. */
async function evicted(more: Partial<FileAuditOptions> = {}): Promise<Evicted> {
  const path = temporaryDirectory();
  const anchor = fileAnchor(temporaryDirectory());
  const options = {
    ...keys,
    anchors: [anchor],
    segmentBytes: 2000,
    checkpointEvery: 5,
    retainBytes: 8000,
    ...more,
  };
  const log = fileAudit(path, options);
  for (let n = 0; n < 60; n += 1) await log.append(entry(n));
  await vi.waitFor(async () => {
    await log.append(entry(60));
    expect(segments(path)).not.toContain('0000000000000000.jsonl');
  });
  await log.close();
  return { path, anchor, options, note: (await anchor.latest(log.id)) ?? '' };
}

describe('a log that gives up its oldest segments', () => {
  it('says what, keeps as much as it should, and verifies, for a third party too', async () => {
    const { path, options, note } = await evicted();
    const bytes = segments(path).map((name) => readFileSync(join(path, name)).length);
    expect(bytes.reduce((a, b) => a + b)).toBeGreaterThan(4000);
    const report = verifyLog(path, { publicKey: keys.publicKey, checkpoints: [note] });
    expect(report).toMatchObject({ outcome: 'verified', fault: undefined });
    expect(report.evicted).toBeGreaterThan(10);
    const log = fileAudit(path, options);
    await log.append(entry(-1));
    expect(log.verify()).toMatchObject({ ok: true, evicted: report.evicted });
    expect(log.query()[0]?.seq).toBe(report.evicted);
    const said = log.query({ action: 'segments.evicted' }).at(-1)?.payload;
    expect(said).toMatchObject({ entries: { to: report.evicted - 1 } });
    await log.close();
  });

  it('opens without its mark, and is refused without what it was given up for', async () => {
    const { path, options } = await evicted();
    rmSync(join(path, 'mark.json'));
    const log = fileAudit(path, options);
    await log.append(entry(-1));
    await log.close();
    const base = readFileSync(join(path, 'base.json'), 'utf8');
    for (const changed of [base.replace('"offset":0', '"offset":1'), '', '{"mark":{},"mac":"0"}']) {
      writeFileSync(join(path, 'base.json'), changed);
      expect(() => fileAudit(path, options)).toThrow(
        expect.objectContaining({ code: 'audit_tampered' }),
      );
    }
  });

  it('does not count what it gave up and could not delete any more', async () => {
    const { path, options } = await evicted();
    const before = verifyLog(path, { key: keys.key });
    writeFileSync(join(path, '0000000000000000.jsonl'), 'given up\n');
    expect(verifyLog(path, { key: keys.key })).toEqual(before);
    await fileAudit(path, options).close();
  });

  it('does not hide what somebody else deletes', async () => {
    const { path, options, note } = await evicted();
    rmSync(join(path, segments(path)[0] ?? ''));
    expect(() => fileAudit(path, options)).toThrow(
      expect.objectContaining({ code: 'audit_tampered' }),
    );
    for (const against of [{}, { publicKey: keys.publicKey, checkpoints: [note] }]) {
      expect(verifyLog(path, against)).toMatchObject({ outcome: 'tampered' });
    }
  });

  it.each(['peaks', 'head', 'size'])('and whose %s were forged does not verify', async (field) => {
    const { path, note } = await evicted();
    const base = readFileSync(join(path, 'base.json'), 'utf8');
    const forged =
      field === 'size'
        ? base.replace(/"size":(\d+)/, (_, size) => `"size":${Number(size) + 1}`)
        : base.replace(new RegExp(`("${field}":\\[?")(.)`), (_, name, digit) =>
            digit === '0' ? `${name}1` : `${name}0`,
          );
    expect(forged).not.toBe(base);
    writeFileSync(join(path, 'base.json'), forged);
    const against = { publicKey: keys.publicKey, checkpoints: [note] };
    expect(verifyLog(path, against)).toMatchObject({ outcome: 'tampered' });
    expect(verifyLog(path, { key: keys.key })).toMatchObject({ outcome: 'tampered' });
  });

  it('gives up by age what is old, and keeps what is not', async () => {
    let now = 1_000_000;
    const { path, options } = await evicted({
      retainBytes: 1e9,
      retainMs: 500,
      clock: () => (now += 10),
    });
    const log = fileAudit(path, options);
    await log.append(entry(-1));
    const [oldest] = log.query({ kind: 'application' });
    expect(now - (oldest?.ts ?? 0)).toBeGreaterThan(400);
    expect(now - (oldest?.ts ?? 0)).toBeLessThan(1000);
    await log.close();
  });

  it('keeps what an anchor does not cover', async () => {
    const offline: Anchor = {
      name: 'offline',
      latest: () => Promise.resolve(undefined),
      publish: () => Promise.reject(new Error('offline')),
    };
    const path = temporaryDirectory();
    const options = { ...keys, segmentBytes: 1000, checkpointEvery: 2, retainBytes: 1 };
    const log = fileAudit(path, { ...options, anchors: [offline] });
    for (let n = 0; n < 20; n += 1) await log.append(entry(n));
    await log.close();
    expect(segments(path)).toContain('0000000000000000.jsonl');
    expect(() => fileAudit(path, options)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});
