import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { allowAll, type AuditDraft, createGuard, verifyChain } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { Anchor } from './anchor.ts';
import { createAuditKeys } from './audit-keys.ts';
import type { DiskAudit } from './disk-audit.ts';
import { fileAudit, type FileAuditOptions } from './file-audit.ts';
import { macKey } from './hashing.ts';
import { readLog } from './read-log.ts';
import { sealEntry } from './seal-entry.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };

const entry = (n: number): AuditDraft => ({
  kind: 'application',
  action: 'test',
  actor: 'test',
  payload: { n },
});

function opened(path: string, options: Partial<FileAuditOptions> = {}): DiskAudit {
  return fileAudit(path, { ...keys, ...options });
}

/** A closed log with this many entries of the application. */
async function written(count: number, options: Partial<FileAuditOptions> = {}): Promise<string> {
  const path = temporaryDirectory();
  const log = opened(path, options);
  for (let n = 0; n < count; n += 1) await log.append(entry(n));
  await log.close();
  return path;
}

/** A log whose writer ended without closing it: as after a kill. */
async function abandoned(count: number, options: Partial<FileAuditOptions> = {}): Promise<string> {
  const path = temporaryDirectory();
  const log = opened(path, options);
  for (let n = 0; n < count; n += 1) await log.append(entry(n));
  const copy = temporaryDirectory();
  cpSync(path, copy, { recursive: true });
  await log.close();
  return copy;
}

function segments(path: string): readonly string[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(path, name));
}

async function reopened(path: string, options: Partial<FileAuditOptions> = {}): Promise<DiskAudit> {
  const log = opened(path, options);
  await log.append(entry(-1));
  return log;
}

const ns = (log: DiskAudit): unknown[] =>
  [...log.entries({ kind: 'application' })].map(({ payload }) => (payload as { n: number }).n);

function memoryAnchor(): Anchor & { note: string | undefined } {
  const anchor = {
    name: 'memory',
    note: undefined as string | undefined,
    latest: () => Promise.resolve(anchor.note),
    publish: (_log: string, note: string) => {
      anchor.note = note;
      return Promise.resolve();
    },
  };
  return anchor;
}

describe('a log on disk', () => {
  it('holds every entry when append answers, in a form that core verifies', async () => {
    const path = temporaryDirectory();
    const log = opened(path);
    const receipt = await log.append(entry(1));
    expect(receipt).toMatchObject({ log: log.id, seq: 1, durability: 'disk' });
    const [file = ''] = segments(path);
    expect(readFileSync(file, 'utf8')).toContain('"payload":{"n":1}');
    const entries = log.query();
    expect(entries.at(-1)?.hash).toBe(receipt.hash);
    expect(verifyChain(entries, keys.key)).toMatchObject({ ok: true, entries: 2 });
    await log.close();
  });

  it('keeps the order in which entries came, however many come at once', async () => {
    const path = temporaryDirectory();
    const log = opened(path);
    const receipts = await Promise.all(
      Array.from({ length: 3000 }, (_, n) => log.append(entry(n))),
    );
    expect(receipts.map(({ seq }) => seq)).toEqual(Array.from({ length: 3000 }, (_, n) => n + 1));
    expect(ns(log)).toEqual(Array.from({ length: 3000 }, (_, n) => n));
    expect(log.verify()).toMatchObject({ ok: true, entries: 3001 });
    await log.close();
  });

  it('goes on where it was closed, and says that it was closed', async () => {
    const path = await written(3);
    const log = await reopened(path);
    expect(ns(log)).toEqual([0, 1, 2, -1]);
    expect(log.query({ kind: 'recovery' })).toMatchObject([
      { action: 'log.reopened', payload: { closed: true, unknown: [] } },
    ]);
    expect(log.verify()).toMatchObject({ ok: true });
    await log.close();
  });

  it('is what a guard waits for before a body starts', async () => {
    const path = temporaryDirectory();
    const audit = opened(path);
    const guard = createGuard({ policy: allowAll(), audit });
    await guard.call({ tool: 'read', args: { file: 'a' } }, () => {
      const [file = ''] = segments(path);
      expect(readFileSync(file, 'utf8')).toContain('"action":"tool.allow"');
    });
    await guard.close();
    expect(audit.verify()).toMatchObject({ ok: true, entries: 4 });
  });

  it('begins a new file when one is full, and reads all of them', async () => {
    const path = await written(30, { segmentBytes: 2000 });
    expect(segments(path).length).toBeGreaterThan(3);
    const log = await reopened(path);
    expect(ns(log)).toEqual([...Array.from({ length: 30 }, (_, n) => n), -1]);
    expect(log.query({ kind: 'segment' }).length).toBe(segments(path).length - 1);
    await log.close();
  });

  it('refuses more entries than may wait, and takes the next ones', async () => {
    const log = opened(temporaryDirectory(), { queue: 5 });
    const results = await Promise.allSettled(
      Array.from({ length: 9 }, (_, n) => log.append(entry(n))),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({ reason: { code: 'audit_error' } });
    expect(await log.append(entry(9))).toMatchObject({ durability: 'disk' });
    await log.close();
  });

  it('is the same log for everybody in the process, until the last one closes it', async () => {
    const path = temporaryDirectory();
    const [a, b] = [opened(path), opened(path)];
    expect(a.id).toBe(b.id);
    await a.close();
    await expect(a.append(entry(1))).rejects.toMatchObject({ code: 'audit_error' });
    await b.append(entry(2));
    expect(() => opened(path, { key: 'another key of 32 bytes and more' })).toThrow(
      expect.objectContaining({ code: 'audit_locked' }),
    );
    await b.close();
    await expect(b.append(entry(3))).rejects.toMatchObject({ code: 'audit_error' });
  });

  it.each<[string, Partial<FileAuditOptions>, string]>([
    ['a short key', { key: 'short' }, 'audit_key_invalid'],
    ['no room to wait', { queue: 0 }, 'options_invalid'],
    ['endless files', { segmentBytes: Infinity }, 'options_invalid'],
    ['a signing key that is none', { signingKey: 'x' }, 'audit_key_invalid'],
    [
      'anchors without a signing key',
      { signingKey: undefined, anchors: [memoryAnchor()] },
      'options_invalid',
    ],
  ])('refuses %s', (_, options, code) => {
    expect(() => opened(temporaryDirectory(), options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a log whose writer was killed', () => {
  it('gives back exactly the whole lines, wherever the last ones were cut', async () => {
    const path = await abandoned(4, { checkpointEvery: 1e9, checkpointEveryMs: 1e9 });
    const [file = ''] = segments(path);
    const bytes = readFileSync(file);
    const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
    for (let cut = ends[2] ?? 0; cut < bytes.length; cut += 7) {
      const copy = temporaryDirectory();
      cpSync(path, copy, { recursive: true });
      truncateSync(join(copy, '0000000000000000.jsonl'), cut);
      const log = await reopened(copy);
      const whole = ends.filter((end) => end <= cut).length;
      expect(ns(log)).toEqual([...Array.from({ length: whole - 1 }, (_, n) => n), -1]);
      expect(log.verify()).toMatchObject({ ok: true });
      const torn = readdirSync(copy).filter((name) => name.includes('.torn-'));
      const rest = cut - (ends[whole - 1] ?? 0);
      expect(torn).toHaveLength(rest === 0 ? 0 : 1);
      for (const name of torn)
        expect(readFileSync(join(copy, name))).toEqual(bytes.subarray(cut - rest, cut));
      await log.close();
    }
  });

  it('names what was allowed and has no outcome', async () => {
    const path = temporaryDirectory();
    const log = opened(path);
    const allowed = { kind: 'decision', action: 'tool.allow', actor: 'guard' } as const;
    await log.append({ ...allowed, attempt: 'att_1' });
    await log.append({ ...allowed, attempt: 'att_2' });
    await log.append({ kind: 'outcome', action: 'tool.outcome', actor: 'guard', attempt: 'att_1' });
    const copy = temporaryDirectory();
    cpSync(path, copy, { recursive: true });
    await log.close();
    const again = await reopened(copy);
    expect(again.query({ kind: 'recovery' })).toMatchObject([
      { payload: { closed: false, unknown: ['att_2'] } },
    ]);
    await again.close();
  });

  it('takes zeros behind its end for what they are', async () => {
    const path = await abandoned(2, { checkpointEveryMs: 1e9 });
    const [file = ''] = segments(path);
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(4096)]));
    const log = await reopened(path);
    expect(ns(log)).toEqual([0, 1, -1]);
    await log.close();
  });
});

describe('a log that was tampered with', () => {
  it('is refused for every byte of an entry that was changed', async () => {
    const path = await abandoned(3, { checkpointEveryMs: 1e9 });
    const [file = ''] = segments(path);
    const bytes = readFileSync(file);
    const start = bytes.indexOf(10) + 1;
    const end = bytes.indexOf(10, start);
    for (let at = start; at < end; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, changed);
      expect(() => opened(path)).toThrow(expect.objectContaining({ code: 'audit_tampered' }));
    }
  });

  it('is refused for a whole last line that is not authentic, unless an operator accepts that', async () => {
    const path = await abandoned(3, { checkpointEveryMs: 1e9 });
    const [file = ''] = segments(path);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"n":2', '"n":7'));
    expect(() => opened(path)).toThrow(/offset \d+, entry 3: it was changed/);
    const log = await reopened(path, { acceptDamagedTail: true });
    expect(ns(log)).toEqual([0, 1, -1]);
    await log.close();
  });

  it.each<[string, (lines: string[]) => string[]]>([
    ['an entry was taken out', (lines) => lines.toSpliced(2, 1)],
    [
      'two entries changed places',
      (lines) => [lines[0] ?? '', lines[2] ?? '', lines[1] ?? '', ...lines.slice(3)],
    ],
    ['an entry was written twice', (lines) => lines.toSpliced(2, 0, lines[2] ?? '')],
    ['its beginning is gone', (lines) => lines.slice(1)],
  ])('is refused when %s', async (_, change) => {
    const path = await abandoned(5, { checkpointEveryMs: 1e9 });
    const [file = ''] = segments(path);
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    writeFileSync(file, `${change(lines).join('\n')}\n`);
    expect(() => opened(path)).toThrow(expect.objectContaining({ code: 'audit_tampered' }));
  });

  it('is refused when a file of it is missing', async () => {
    const path = await written(30, { segmentBytes: 2000, checkpointEvery: 1e9 });
    rmSync(join(path, 'mark.json'));
    rmSync(segments(path)[1] ?? '');
    expect(() => opened(path)).toThrow(expect.objectContaining({ code: 'audit_tampered' }));
  });

  it('is refused when it was cut behind its own mark', async () => {
    const path = await written(5);
    const [file = ''] = segments(path);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`);
    expect(() => opened(path)).toThrow(expect.objectContaining({ code: 'audit_rolled_back' }));
  });

  it('and its mark, too, is refused by the anchor that keeps more', async () => {
    const anchor = memoryAnchor();
    const path = await written(5, { anchors: [anchor] });
    const [file = ''] = segments(path);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`);
    rmSync(join(path, 'mark.json'));
    const log = opened(path, { anchors: [anchor] });
    await expect(log.append(entry(9))).rejects.toMatchObject({ code: 'audit_rolled_back' });
    await log.close().catch(() => undefined);
  });

  it('and rewritten with the stolen key is refused by the anchor', async () => {
    const anchor = memoryAnchor();
    const path = await written(5, { anchors: [anchor] });
    const log = readLog(path, undefined);
    const entries = [...log.steps].flatMap((step) => ('entry' in step ? [step.entry] : []));
    let prev = '0'.repeat(64);
    const lines = entries.map(({ hash: _hash, mac: _mac, ...draft }) => {
      const forged = { ...draft, actor: 'somebody else' };
      const sealed = sealEntry(forged, { ...forged, prev }, macKey(keys.key));
      prev = sealed.hash;
      return sealed.line;
    });
    writeFileSync(segments(path)[0] ?? '', lines.join(''));
    rmSync(join(path, 'mark.json'));
    const withoutAnchor = temporaryDirectory();
    cpSync(path, withoutAnchor, { recursive: true });
    const fooled = await reopened(withoutAnchor);
    expect(fooled.verify()).toMatchObject({ ok: true });
    await fooled.close();
    const checked = opened(path, { anchors: [anchor] });
    await expect(checked.append(entry(9))).rejects.toMatchObject({ code: 'audit_rolled_back' });
    await checked.close().catch(() => undefined);
  });

  it('is not written while its anchor does not answer', async () => {
    const anchor = memoryAnchor();
    const path = await written(2, { anchors: [anchor] });
    const silent: Anchor = { ...anchor, latest: () => Promise.reject(new Error('offline')) };
    const log = opened(path, { anchors: [silent] });
    await expect(log.append(entry(9))).rejects.toMatchObject({ code: 'audit_error' });
    await log.close().catch(() => undefined);
  });
});
