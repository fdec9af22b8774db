import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { allowAll, createGuard } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { createAuditKeys } from './audit-keys.ts';
import { fileAudit } from './file-audit.ts';
import { proveEntries, verifyProof } from './prove.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { againstOf, verifyAgainst, verifyLog } from './verify-log.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const { key, publicKey } = keys;

/** A closed log of a guard, and the checkpoint that its owner handed out. */
async function guarded(calls: number) {
  const path = temporaryDirectory();
  const audit = fileAudit(path, { ...keys, segmentBytes: 4000 });
  const guard = createGuard({ policy: allowAll(), audit });
  for (let i = 0; i < calls; i += 1) {
    await guard.call({ tool: 'read', args: { i } }, () => i);
  }
  const rids = audit.query({ action: 'tool.allow' }).map(({ rid }) => rid ?? '');
  await guard.close();
  return { path, rids, checkpoint: readFileSync(join(path, 'checkpoint'), 'utf8') };
}

function files(path: string): readonly string[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(path, name));
}

describe('a log', () => {
  it('is verified by a third party with the public key and a checkpoint alone', async () => {
    const { path, checkpoint } = await guarded(20);
    const report = verifyLog(path, { publicKey, checkpoints: [checkpoint] });
    expect(report).toMatchObject({
      outcome: 'verified',
      authenticated: false,
      unknown: [],
      clockSteps: 0,
    });
    expect(report.entries).toBe(report.checkpoint);
    expect(report.files).toBeGreaterThan(2);
  });

  it('is consistent without a checkpoint, and nobody knows whether it is whole', async () => {
    const { path } = await guarded(3);
    expect(verifyLog(path)).toMatchObject({ outcome: 'unproven', authenticated: false });
    expect(verifyLog(path, { key })).toMatchObject({ outcome: 'unproven', authenticated: true });
  });

  it('agrees with checkpoints of every age', async () => {
    const { path, checkpoint } = await guarded(3);
    const grown = fileAudit(path, keys);
    await grown.append({ kind: 'application', action: 'more', actor: 'test' });
    await grown.close();
    const later = readFileSync(join(path, 'checkpoint'), 'utf8');
    const report = verifyLog(path, { publicKey, checkpoints: [later, checkpoint] });
    expect(report).toMatchObject({ outcome: 'verified' });
    expect(verifyLog(path, { publicKey, checkpoints: [checkpoint] }).outcome).toBe('verified');
  });

  it('has files that are named by their first entry', async () => {
    const { path } = await guarded(8);
    const last = files(path).at(-1) ?? '';
    renameSync(last, join(path, '0000000000009999.jsonl'));
    expect(verifyLog(path, { key })).toMatchObject({
      outcome: 'tampered',
      fault: { offset: 0, reason: expect.stringContaining('it starts with entry 9999') as string },
    });
  });

  it('is at fault where a file in its middle was cut off', async () => {
    const { path } = await guarded(8);
    const [, second = ''] = files(path);
    const bytes = readFileSync(second);
    writeFileSync(second, bytes.subarray(0, bytes.length - 40));
    expect(verifyLog(path)).toMatchObject({
      outcome: 'tampered',
      fault: { file: basename(second), reason: 'it was cut off' },
    });
  });

  it.each(['tool', 'user', 'ts'])(
    'in a database has rows that say what their lines say: %s',
    async (column) => {
      const path = join(temporaryDirectory(), 'log.db');
      const log = sqliteAudit(path, keys);
      await log.append({ kind: 'application', action: 'a', actor: 'test', tool: 't', user: 'u' });
      await log.close();
      expect(verifyLog(path, { key }).outcome).toBe('unproven');
      const database = new DatabaseSync(path);
      database.exec(`UPDATE entry SET ${column} = 7 WHERE seq = 1`);
      database.close();
      expect(verifyLog(path, { key })).toMatchObject({
        outcome: 'tampered',
        fault: { seq: 1, reason: 'what it is found by is not what it says' },
      });
    },
  );

  it('has to stand where the registry says that it was left', async () => {
    const { path, checkpoint } = await guarded(3);
    const { entries: size, head } = verifyLog(path);
    const against = againstOf({}, () => undefined);
    const left = (at: number, hash: string) =>
      verifyAgainst(path, { ...against, left: { size: at, head: hash } });
    expect(left(size, head).outcome).toBe('unproven');
    expect(left(size, 'f'.repeat(64)).fault).toMatchObject({ seq: size - 1 });
    expect(left(2, head).fault).toMatchObject({ seq: 1 });
    expect(left(size + 1, head).fault).toMatchObject({ seq: size });
    // What comes first in the log is said: a checkpoint of another log at its end, or the registry before.
    const other = createAuditKeys();
    const alien = fileAudit(temporaryDirectory(), { ...other, deadlineMs: 60_000 });
    for (let n = 1; n < size - 1; n += 1) {
      await alien.append({ kind: 'application', action: 'a', actor: 'test' });
    }
    await alien.close();
    const note = readFileSync(join(alien.path, 'checkpoint'), 'utf8');
    const options = { publicKey: other.publicKey, checkpoints: [note] };
    const both = againstOf(options, () => undefined);
    const report = verifyAgainst(path, { ...both, left: { size: 2, head } });
    expect(report.fault).toMatchObject({
      seq: 1,
      reason: expect.stringContaining('registry') as string,
    });
    expect(verifyAgainst(path, both).fault).toMatchObject({
      seq: size - 1,
      reason: expect.stringContaining('another log') as string,
    });
    expect(verifyLog(path, { publicKey, checkpoints: [checkpoint] }).outcome).toBe('verified');
  });

  it('says how often the clock went backwards, in a file and between two', async () => {
    const path = temporaryDirectory();
    let now = 1000;
    const log = fileAudit(path, { ...keys, clock: () => (now -= 1), segmentBytes: 500 });
    const entry = { kind: 'application', action: 'a', actor: 'test' } as const;
    for (let n = 0; n < 5; n += 1) await log.append(entry);
    await log.close();
    const report = verifyLog(path);
    expect(report.files).toBeGreaterThan(2);
    expect(report.clockSteps).toBe(report.entries - 1);
  });

  it('says what is missing at its end', async () => {
    const { path, checkpoint } = await guarded(3);
    const [file = ''] = files(path);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 4).join('\n')}\n`);
    for (const more of files(path).slice(1)) writeFileSync(more, '');
    const cut = temporaryDirectory();
    cpSync(file, join(cut, '0000000000000000.jsonl'));
    expect(verifyLog(cut, { key })).toMatchObject({ outcome: 'unproven' });
    expect(verifyLog(cut, { publicKey, checkpoints: [checkpoint] })).toMatchObject({
      outcome: 'tampered',
      fault: { seq: 4, reason: expect.stringContaining('entries 4 to') as string },
    });
  });

  it('says where it was changed: file, offset, entry and reason', async () => {
    const { path } = await guarded(20);
    const file = files(path)[1] ?? '';
    const text = readFileSync(file, 'utf8');
    const line = text.split('\n')[2] ?? '';
    writeFileSync(file, text.replace(line, line.replace('"actor":"guard"', '"actor":"nobody"')));
    const report = verifyLog(path, { key });
    expect(report.fault).toMatchObject({
      file: file.slice(path.length + 1),
      offset: text.indexOf(line),
      reason: expect.stringContaining('changed after it was written') as string,
    });
    // Without the key it is the next entry that does not follow.
    expect(verifyLog(path).fault?.seq).toBe((report.fault?.seq ?? 0) + 1);
  });

  it('is not held against checkpoints of another log, nor of another key', async () => {
    const [one, other] = [await guarded(2), await guarded(2)];
    expect(verifyLog(one.path, { publicKey, checkpoints: [other.checkpoint] })).toMatchObject({
      outcome: 'tampered',
      fault: { reason: expect.stringContaining('of another log') as string },
    });
    const stranger = createAuditKeys().publicKey;
    expect(() =>
      verifyLog(one.path, { publicKey: stranger, checkpoints: [one.checkpoint] }),
    ).toThrow(expect.objectContaining({ code: 'audit_tampered' }));
    expect(() => verifyLog(one.path, { checkpoints: [one.checkpoint] })).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});

describe('a proof', () => {
  it('shows every entry of a call to somebody who has only the public key', async () => {
    const { path, rids } = await guarded(9);
    for (const rid of rids) {
      const proofs = proveEntries(path, rid, publicKey);
      expect(proofs.map((proof) => verifyProof(proof, publicKey).entry)).toMatchObject([
        { rid, action: 'tool.allow' },
        { rid, action: 'tool.outcome' },
      ]);
    }
  });

  it('shows nothing when a byte of the entry, the proof or the checkpoint was changed', async () => {
    const { path, rids } = await guarded(5);
    const [proof = { entry: '', proof: '' }] = proveEntries(path, rids[1] ?? '', publicKey);
    const flip = (text: string, at: number): string =>
      `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
    for (let at = 0; at < proof.entry.length; at += 1) {
      const changed = { ...proof, entry: flip(proof.entry, at) };
      expect(() => verifyProof(changed, publicKey)).toThrow();
    }
    const end = proof.proof.indexOf('\u2014');
    for (let at = 0; at < end; at += 1) {
      const changed = { ...proof, proof: flip(proof.proof, at) };
      expect(() => verifyProof(changed, publicKey)).toThrow();
    }
  });

  it('is not made for a call that is not in the log', async () => {
    const { path } = await guarded(1);
    expect(() => proveEntries(path, 'rid_unknown', publicKey)).toThrow('none of the');
  });
});
