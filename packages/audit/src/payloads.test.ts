import { globSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

import { allowAll, type AuditEntry, createGuard } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { createAuditKeys } from './audit-keys.ts';
import type { DiskAudit } from './disk-audit.ts';
import { fileAnchor } from './file-anchor.ts';
import { fileAudit } from './file-audit.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { verifyLog } from './verify-log.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const payloads = { key: 'another key of at least thirty-two bytes' };
const opens = { file: fileAudit, sqlite: sqliteAudit };
const SECRET = 'diagnosis-of-alice';

interface Written {
  readonly audit: DiskAudit;
  readonly directory: string;
  readonly vault: string;
  readonly entries: readonly AuditEntry[];
  readonly anchor: ReturnType<typeof fileAnchor>;
}

/** A log with one call of Alice, one of Bob, and an entry of the application about Alice. */
async function written(kind: 'file' | 'sqlite'): Promise<Written> {
  const directory = temporaryDirectory();
  const path = join(directory, 'log');
  const anchor = fileAnchor(temporaryDirectory());
  const audit = opens[kind](path, { ...keys, payloads, anchors: [anchor] });
  const guard = createGuard({ policy: allowAll(), audit });
  for (const id of ['alice', 'bob']) {
    const context = { principal: { id, tenant: 't1' } };
    const args = { text: `diagnosis-of-${id}`, n: 7 };
    await guard.call({ tool: 'look', args, context }, () => 'seen');
  }
  const about = { kind: 'application', action: 'import', actor: 'app' } as const;
  await audit.append({ ...about, tenant: 't1', user: 'alice', payload: { text: SECRET } });
  const vault = kind === 'file' ? join(path, 'payloads.db') : `${path}-payloads`;
  return { audit, directory, vault, entries: audit.query(), anchor };
}

function holding(directory: string, text: string): readonly string[] {
  return globSync('**/*', { cwd: directory, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .filter((file) => readFileSync(file).includes(text));
}

const bySession = ['file', 'sqlite'] as const;

describe.each(bySession)('a %s log that keeps payloads apart', (kind) => {
  it('holds commitments, reveals what they commit to, and shows nothing in any file', async () => {
    const { audit, directory, entries } = await written(kind);
    const allowed = entries.filter(({ action }) => action === 'tool.allow');
    expect(allowed.map((entry) => Object.keys(entry)).flat()).not.toContain('digest');
    expect(allowed.map((entry) => audit.reveal(entry))).toMatchObject([
      { args: { text: SECRET, n: 7 }, digest: expect.any(String) as string },
      { args: { text: 'diagnosis-of-bob', n: 7 } },
    ]);
    const own = entries.find(({ kind: is }) => is === 'application');
    expect(own && audit.reveal(own)).toEqual({ payload: { text: SECRET } });
    expect(entries[0] && audit.reveal(entries[0])).toBeUndefined();
    expect(holding(directory, 'diagnosis-of')).toEqual([]);
    await audit.close();
  });

  it('commits differently to the same arguments: nobody can guess them', async () => {
    const { audit } = await written(kind);
    const draft = { kind: 'decision', action: 'tool.deny', actor: 'guard' } as const;
    await audit.append({ ...draft, args: { n: 1 }, digest: 'd' });
    await audit.append({ ...draft, args: { n: 1 }, digest: 'd' });
    const [a, b] = audit.query({ action: 'tool.deny' }).map(({ payload }) => payload);
    expect(a).not.toEqual(b);
    await audit.close();
  });

  it('erases a subject, says so, and verifies as before', async () => {
    const { audit, entries, anchor, vault } = await written(kind);
    const row = new DatabaseSync(vault);
    const boxes = row.prepare('SELECT box FROM payload').all();
    row.close();
    const subject = JSON.stringify(['t1', 'alice']);
    await audit.erase(subject, { actor: 'privacy desk', reason: 'request 5' });
    const allowed = entries.filter(({ action }) => action === 'tool.allow');
    expect(allowed.map((entry) => audit.reveal(entry))).toEqual([
      undefined,
      expect.objectContaining({ args: { text: 'diagnosis-of-bob', n: 7 } }),
    ]);
    const [said] = audit.query({ kind: 'erasure' });
    expect(said).toMatchObject({ actor: 'privacy desk', reason: 'request 5' });
    expect(said?.payload).toEqual({
      subject: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      payloads: 2,
    });
    const left = boxes.filter(({ box }) =>
      [vault, `${vault}-wal`].some((file) => {
        try {
          return readFileSync(file).includes(Buffer.from(box as Uint8Array));
        } catch {
          return false;
        }
      }),
    );
    expect([boxes.length, left.length]).toEqual([3, 1]);
    await audit.close();
    const note = (await anchor.latest(audit.id)) ?? '';
    expect(verifyLog(audit.path, { publicKey: keys.publicKey, checkpoints: [note] })).toMatchObject(
      { outcome: 'verified' },
    );
  });

  it('does not reveal what somebody put in the place of a payload', async () => {
    const { audit, entries, vault } = await written(kind);
    const database = new DatabaseSync(vault);
    const boxes = database.prepare('SELECT * FROM payload').all();
    const [one, other] = boxes;
    database
      .prepare('UPDATE payload SET box = ?, iv = ?, tag = ?, subject = ?')
      .run(
        other?.['box'] ?? null,
        other?.['iv'] ?? null,
        other?.['tag'] ?? null,
        other?.['subject'] ?? null,
      );
    database.close();
    const swapped = entries.find((entry) =>
      JSON.stringify(entry.payload ?? '').includes(String(one?.['id'])),
    );
    expect(() => swapped && audit.reveal(swapped)).toThrow(
      expect.objectContaining({ code: 'audit_tampered' }),
    );
    await audit.close();
  });

  it('takes a subject that the application names, and refuses without the option', async () => {
    const path = join(temporaryDirectory(), 'log');
    const named = { ...payloads, subject: () => 'patient 7' };
    const audit = opens[kind](path, { ...keys, payloads: named });
    const draft = { kind: 'decision', action: 'tool.deny', actor: 'guard' } as const;
    await audit.append({ ...draft, args: { n: 1 } });
    const [entry] = audit.query({ action: 'tool.deny' });
    await audit.erase('patient 7', { actor: 'app' });
    expect(entry && audit.reveal(entry)).toBeUndefined();
    await audit.close();
    const plain = opens[kind](path, keys);
    await expect(plain.erase('patient 7', { actor: 'app' })).rejects.toMatchObject({
      code: 'options_invalid',
    });
    await plain.close();
  });
});
