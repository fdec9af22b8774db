import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { AuditDraft } from '@guardstile/core';
import { describe, expect, it, onTestFinished } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { Anchor } from './anchor.ts';
import { createAuditKeys } from './audit-keys.ts';
import { formatLine } from './entry-line.ts';
import { fileAnchor } from './file-anchor.ts';
import { fileAudit } from './file-audit.ts';
import { leafHashOf } from './hashing.ts';
import { httpAnchor } from './http-anchor.ts';
import { proveEntries, verifyProof } from './prove.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { verifyLog } from './verify-log.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const entry: AuditDraft = { kind: 'application', action: 'test', actor: 'test', rid: 'rid_1' };

/** A witness that keeps one note per log and lets none shrink. */
async function witness(): Promise<{ readonly url: string; readonly notes: Map<string, string> }> {
  const notes = new Map<string, string>();
  const sizeOf = (note = '\n0'): number => Number(note.split('\n')[1]);
  const server = createServer((request, response) => {
    const log = request.url?.split('/').at(-1) ?? '';
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      if (request.headers.authorization !== 'Bearer witness') response.writeHead(401).end();
      else if (request.method === 'GET') {
        response.writeHead(notes.has(log) ? 200 : 404).end(notes.get(log));
      } else if (sizeOf(body) < sizeOf(notes.get(log))) response.writeHead(409).end();
      else {
        notes.set(log, body);
        response.writeHead(204).end();
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { url: `http://127.0.0.1:${port}/logs/`, notes };
}

async function anchorOf(kind: 'file' | 'http'): Promise<Anchor> {
  if (kind === 'file') return fileAnchor(join(temporaryDirectory(), 'anchors'));
  return httpAnchor((await witness()).url, { headers: { authorization: 'Bearer witness' } });
}

const textOf = (file: string): string => readFileSync(file, 'utf8');

/** Changes one entry and links all that follow to it, as whoever has no key can. */
function relinkFrom(path: string, which: string): void {
  let prev: string | undefined;
  for (const name of readdirSync(path).filter((one) => one.endsWith('.jsonl'))) {
    const file = join(path, name);
    const lines = textOf(file).split('\n').slice(0, -1);
    const linked = lines.map((line) => {
      const [, body = '', mac = ''] = /^\{"e":(.*),"mac":"(.*)"\}$/.exec(line) ?? [];
      if (prev === undefined && !body.includes(which)) return `${line}\n`;
      const changed =
        prev === undefined
          ? body.replace('"actor":"test"', '"actor":"tset"')
          : body.replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`);
      prev = leafHashOf(changed);
      return formatLine(changed, mac);
    });
    writeFileSync(file, linked.join(''));
  }
}

const kinds = ['file', 'http'] as const;
const opens = { file: fileAudit, sqlite: sqliteAudit };

describe.each(kinds)('a %s anchor', (kind) => {
  it.each(['file', 'sqlite'] as const)(
    'keeps what a third party verifies a %s log with, and a restored backup is refused',
    async (storage) => {
      const anchor = await anchorOf(kind);
      const directory = temporaryDirectory();
      const path = join(directory, 'log');
      const open = () => opens[storage](path, { ...keys, anchors: [anchor] });
      const log = open();
      await log.append(entry);
      await log.close();
      const backup = join(temporaryDirectory(), 'backup');
      cpSync(directory, backup, { recursive: true });
      const again = open();
      await again.append(entry);
      await again.close();
      const note = (await anchor.latest(log.id)) ?? '';
      expect(verifyLog(path, { publicKey: keys.publicKey, checkpoints: [note] })).toMatchObject({
        outcome: 'verified',
        checkpoint: 6,
      });
      const [proof] = proveEntries(path, 'rid_1', keys.publicKey);
      expect(proof && verifyProof(proof, keys.publicKey).entry).toMatchObject({ rid: 'rid_1' });
      rmSync(directory, { recursive: true });
      cpSync(backup, directory, { recursive: true });
      const restored = open();
      await expect(restored.append(entry)).rejects.toMatchObject({ code: 'audit_rolled_back' });
      await expect(restored.append(entry)).rejects.toMatchObject({ code: 'audit_rolled_back' });
      await restored.close().catch(() => undefined);
    },
  );

  it('is compared with where the log was marked: a start reads nothing before', async () => {
    const anchor = await anchorOf(kind);
    const path = temporaryDirectory();
    const options = { ...keys, anchors: [anchor], segmentBytes: 1000 };
    const log = fileAudit(path, options);
    for (let n = 0; n < 10; n += 1) await log.append(entry);
    await log.close();
    const first = join(path, '0000000000000000.jsonl');
    writeFileSync(first, 'x'.repeat(statSync(first).size));
    const again = fileAudit(path, options);
    await again.append(entry);
    await again.close();
    expect(verifyLog(path).outcome).toBe('tampered');
  });

  it('that is behind the mark has the log read from its beginning to the mark', async () => {
    const anchor = await anchorOf(kind);
    const down: Anchor = { ...anchor, publish: () => Promise.reject(new Error('down')) };
    const path = temporaryDirectory();
    const first = fileAudit(path, { ...keys, anchors: [anchor] });
    await first.append(entry);
    await first.close();
    const second = fileAudit(path, { ...keys, anchors: [down], segmentBytes: 1000 });
    for (let n = 0; n < 5; n += 1) await second.append(entry);
    await second.close();
    const whole = temporaryDirectory();
    cpSync(path, whole, { recursive: true });
    const again = fileAudit(whole, { ...keys, anchors: [down] });
    await again.append(entry);
    await again.close();
    // Behind what is anchored and before the mark, and linked again up to it.
    relinkFrom(path, '"seq":5,');
    const changed = fileAudit(path, { ...keys, anchors: [anchor] });
    await expect(changed.append(entry)).rejects.toMatchObject({ code: 'audit_rolled_back' });
    await changed.close().catch(() => undefined);
  });

  it('lets no checkpoint shrink', async () => {
    const anchor = await anchorOf(kind);
    const log = `log_${'0'.repeat(32)}`;
    await anchor.publish(log, `${log}\n5\nroot\n`);
    await expect(anchor.publish(log, `${log}\n4\nroot\n`)).rejects.toThrow();
    expect(await anchor.latest(log)).toBe(`${log}\n5\nroot\n`);
    expect(await anchor.latest(`log_${'1'.repeat(32)}`)).toBeUndefined();
  });
});

describe('a file anchor', () => {
  it('refuses a log whose id leads out of its directory', async () => {
    const anchor = fileAnchor(temporaryDirectory());
    await expect(anchor.latest('../../etc/passwd')).rejects.toMatchObject({
      code: 'audit_tampered',
    });
  });

  it('that cannot be read is not mistaken for an empty one', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    cpSync(import.meta.filename, file);
    await expect(fileAnchor(file).latest(`log_${'0'.repeat(32)}`)).rejects.toThrow('ENOTDIR');
  });
});

describe('an HTTP anchor', () => {
  it('that answers nonsense, or nothing, keeps the log closed until it answers', async () => {
    const { url } = await witness();
    const path = temporaryDirectory();
    const good = httpAnchor(url, { headers: { authorization: 'Bearer witness' } });
    const log = fileAudit(path, { ...keys, anchors: [good] });
    await log.append(entry);
    await log.close();
    let answers = false;
    const anchor: Anchor = {
      ...good,
      latest: async (id) => (answers ? good.latest(id) : httpAnchor(url).latest(id)),
    };
    const again = fileAudit(path, { ...keys, anchors: [anchor] });
    await expect(again.append(entry)).rejects.toThrow('401');
    answers = true;
    await again.append(entry);
    await again.close();
    expect(readFileSync(join(path, 'checkpoint'), 'utf8')).toBe(await good.latest(log.id));
  });
});
