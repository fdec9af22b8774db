import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { createAuditKeys, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';
import { allowAll, type AuditDraft, createGuard } from '@guardstile/core';
import { afterEach, describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { expectWhole, startWriter, type WriterOptions, writeUntil } from './audit-ledger.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const entry: AuditDraft = { kind: 'application', action: 'test', actor: 'test' };
const kinds = ['file', 'sqlite'] as const;
const opens = { file: fileAudit, sqlite: sqliteAudit };

type Writer = ReturnType<typeof startWriter>;
let writers: Writer[] = [];

afterEach(async () => {
  for (const writer of writers) {
    if (writer.exitCode !== null || writer.signalCode !== null) continue;
    writer.kill('SIGKILL');
    await once(writer, 'close');
  }
  writers = [];
});

/** A process that holds the log, and has written to it. */
async function holding(options: WriterOptions): Promise<Writer> {
  const writer = startWriter(options);
  writers.push(writer);
  const reader = createInterface({ input: writer.stdout });
  for await (const line of reader) if (line.startsWith('ran ')) break;
  writer.stdout.resume();
  return writer;
}

describe.each(kinds)('a %s log that another process writes', (kind) => {
  const open = opens[kind];
  const at = (): WriterOptions => ({ path: join(temporaryDirectory(), 'log'), keys, kind });

  it('is refused, by a second start of the same program too, until that process has ended', async () => {
    const log = at();
    const writer = await holding(log);
    expect(() => open(log.path, keys)).toThrow(expect.objectContaining({ code: 'audit_locked' }));
    const second = await writeUntil(log);
    expect(second).toMatchObject({ refused: ['audit_locked'], ran: [], closed: false });
    writer.kill('SIGKILL');
    await once(writer, 'close');
    const third = await writeUntil({ ...log, calls: 2 });
    expect(third).toMatchObject({ refused: [], closed: true });
    await expectWhole(log, third);
  });

  it('is not taken from one that only pauses', async () => {
    const log = at();
    const writer = await holding({ ...log, calls: 1e9 });
    writer.kill('SIGSTOP');
    for (let tries = 0; tries < 5; tries += 1) {
      expect(() => open(log.path, keys)).toThrow(expect.objectContaining({ code: 'audit_locked' }));
    }
    writer.kill('SIGCONT');
    const lines = createInterface({ input: writer.stdout });
    for await (const line of lines) if (line.startsWith('ran ')) break;
    writer.kill('SIGKILL');
    await once(writer, 'close');
    expect(verifyLog(log.path, { key: keys.key }).outcome).toBe('unproven');
  });

  it('while its own process reads the lock away: it stops as soon as somebody else has written', async () => {
    const log = at();
    const guard = createGuard({ policy: allowAll(), audit: open(log.path, keys) });
    await guard.call({ tool: 'pay', args: {} }, () => 'ran');
    // POSIX: closing any handle of a file ends all of the process's locks on it.
    const lock = kind === 'file' ? join(log.path, 'lock') : `${log.path}-lock`;
    cpSync(lock, join(temporaryDirectory(), 'copy'));
    const other = await writeUntil({ ...log, calls: 2 });
    expect(other).toMatchObject({ refused: [], closed: true });
    for (let calls = 0; calls < 2; calls += 1) {
      await expect(
        guard.call({ tool: 'pay', args: {} }, () => expect.unreachable()),
      ).rejects.toMatchObject({ code: 'audit_error' });
    }
    await guard.close().catch(() => undefined);
    await expectWhole(log, other);
  });

  it('that moves or disappears under its writer takes no call that would be lost with it', async () => {
    for (const vanish of [rmAll, moveAll]) {
      const log = at();
      mkdirSync(log.path.slice(0, -4), { recursive: true });
      const guard = createGuard({ policy: allowAll(), audit: open(log.path, keys) });
      await guard.call({ tool: 'pay', args: {} }, () => 'ran');
      vanish(log.path);
      await expect(
        guard.call({ tool: 'pay', args: {} }, () => expect.unreachable()),
      ).rejects.toMatchObject({ code: 'audit_error' });
      await guard.close().catch(() => undefined);
    }
  });
});

function rmAll(path: string): void {
  rmSync(path, { recursive: true });
}

function moveAll(path: string): void {
  renameSync(path, `${path}-moved`);
}

describe('a file log that somebody else appends to without asking', () => {
  it('takes no entry behind theirs, and does not put theirs aside', async () => {
    const path = temporaryDirectory();
    const log = fileAudit(path, keys);
    await log.append(entry);
    const [file = ''] = readdirSync(path).filter((name) => name.endsWith('.jsonl'));
    appendFileSync(join(path, file), 'written by somebody else\n');
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_tampered' });
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_tampered' });
    await log.close().catch(() => undefined);
    expect(readdirSync(path).filter((name) => name.includes('torn'))).toEqual([]);
    expect(() => fileAudit(path, keys)).toThrow(
      expect.objectContaining({ code: 'audit_tampered' }),
    );
  });
});

describe('a module that is loaded twice, as a development server does', () => {
  it.each(kinds)('writes one %s log', async (kind) => {
    const path = join(temporaryDirectory(), 'log');
    // Its sources are a second copy, which shares nothing with the first but the process.
    const again = await import('../../packages/audit/src/index.ts');
    const secondOpens = { file: again.fileAudit, sqlite: again.sqliteAudit };
    expect(secondOpens[kind]).not.toBe(opens[kind]);
    const [first, second] = [opens[kind](path, keys), secondOpens[kind](path, keys)];
    expect(second.id).toBe(first.id);
    const receipts = await Promise.all([first.append(entry), second.append(entry)]);
    expect(receipts.map(({ seq }) => seq)).toEqual([1, 2]);
    await first.close();
    await second.append(entry);
    await second.close();
    expect(verifyLog(path, { key: keys.key })).toMatchObject({ entries: 5, outcome: 'unproven' });
  });

  it.each(kinds)('goes on with one %s log that it is still closing', async (kind) => {
    const path = join(temporaryDirectory(), 'log');
    const again = await import('../../packages/audit/src/index.ts');
    const secondOpens = { file: again.fileAudit, sqlite: again.sqliteAudit };
    const first = opens[kind](path, keys);
    await first.append(entry);
    const closing = first.close();
    const second = secondOpens[kind](path, keys);
    expect(second.id).toBe(first.id);
    const receipt = await second.append(entry);
    await closing;
    // Genesis, entry, close, reopened.
    expect(receipt.seq).toBe(4);
    const third = opens[kind](path, keys);
    await Promise.all([second.close(), third.append(entry)]);
    await third.close();
    expect(second.verify()).toMatchObject({ ok: true, entries: 7 });
  });

  it('is told by its first entry when what it waited to go on with is no log any more', async () => {
    const path = join(temporaryDirectory(), 'log');
    const first = fileAudit(path, keys);
    await first.append(entry);
    const closing = first.close();
    const second = fileAudit(path, { ...keys, key: createAuditKeys().key });
    await closing;
    await expect(second.append(entry)).rejects.toMatchObject({ code: 'audit_tampered' });
    await expect(second.close()).rejects.toMatchObject({ code: 'audit_tampered' });
    const third = fileAudit(path, keys);
    await third.append(entry);
    await third.close();
  });
});
