import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import { sqliteApprovals } from '@guardstile/approvals';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { run } from '../support/run.ts';
import { itWhere } from '../faults/it-where.ts';
import { BINDINGS, draftOf, voteOf } from './draft.ts';
import { codeOf, storeFolder } from './store-folder.ts';

const listener = fileURLToPath(new URL('listener.ts', import.meta.url));
const LATE = 3_600_000;

/** What is refused, with a code and with words that say what to do. */
function failing(words: RegExp): unknown {
  return expect.objectContaining({
    name: 'GuardError',
    code: 'approval_store_error',
    message: expect.stringMatching(words) as unknown,
  });
}

/** A file system of this size; absent where none may be mounted. */
function tinyDisk(size: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-tiny-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder];
  if (spawnSync('mount', options).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

function canMount(): boolean {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return process.getuid?.() === 0 && probe.status === 0;
}

const itMounts = itWhere(canMount(), 'root, allowed to mount');
const key = Buffer.alloc(32, 7);

describe('a store that cannot be opened', () => {
  it('because there is no directory says so', () => {
    const { folder } = storeFolder();
    const path = join(folder, 'missing', 'approvals.db');
    expect(() => sqliteApprovals(path, { key })).toThrow(
      failing(/make sure that its directory exists/),
    );
  });

  it('because it is a directory, no database, or another application’s says so', () => {
    const { folder } = storeFolder();
    mkdirSync(join(folder, 'directory'));
    writeFileSync(
      join(folder, 'text'),
      'no database, and longer than its header would be. '.repeat(99),
    );
    const other = new DatabaseSync(join(folder, 'other.db'));
    other.exec('CREATE TABLE approval (id)');
    other.close();
    const open = (name: string) => () => sqliteApprovals(join(folder, name), { key });
    expect(open('directory')).toThrow(failing(/make sure that its directory exists/));
    expect(open('text')).toThrow(failing(/give the path of another file/));
    expect(open('other.db')).toThrow(failing(/give the path of another file/));
  });

  it('because a newer version wrote it says so, and leaves it as it is', async () => {
    const { open, tamper } = storeFolder();
    const store = open();
    await store.create(draftOf('a', { expiresMs: LATE }), 'a');
    store.close();
    tamper('PRAGMA user_version = 2');
    expect(() => open()).toThrow(failing(/newer version .*schema 2, this one knows 1.*update/));
    tamper('PRAGMA user_version = 1');
    expect(await open().get('a')).toMatchObject({ state: 'pending' });
  });

  it('because it is in memory, and would not be there for anybody else, says so', () => {
    expect(() => sqliteApprovals(':memory:', { key })).toThrow(failing(/give the path of a file/));
  });

  it.each([
    ['no key', {}],
    ['a key of a text', { key: 'x'.repeat(32) }],
    ['a short key', { key: Buffer.alloc(16) }],
    ['an unknown option', { key, arguments: 'resupplied' }],
    ['unknown arguments', { key, args: 'plain' }],
    ['a cap that is none', { key, maxPending: 'many' }],
    ['a log that is none', { key, audit: {} }],
    ['a clock that is none', { key, clock: 5 }],
  ])('with %s says so', (_, options) => {
    const { path } = storeFolder();
    expect(() => sqliteApprovals(path, options as never)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });

  it('is none for four processes that create it at the same moment', async () => {
    const { path, key: shared } = storeFolder();
    const four = Array.from({ length: 4 }, () =>
      run(process.execPath, [listener, path, shared.toString('hex')]),
    );
    for (const { code, output } of await Promise.all(four)) {
      expect({ code, output }).toEqual({ code: 0, output: 'listening\n' });
    }
  });
});

describe('a store that fails while it is used', () => {
  it('because another process holds it says so, and goes on when that lets go', async () => {
    const { open, path } = storeFolder();
    const store = open();
    await store.create(draftOf('a', { expiresMs: LATE }), 'a');
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let later = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (later += 2000));
    expect(() => store.vote('a', voteOf('ann'), 1)).toThrow(failing(/another process holds it/));
    expect(clock.mock.calls.length).toBeGreaterThan(2);
    clock.mockRestore();
    expect(await store.get('a')).toMatchObject({ state: 'pending', version: 1 });
    other.exec('ROLLBACK');
    other.close();
    expect(await store.vote('a', voteOf('ann'), 1)).toMatchObject({ ok: true });
  });

  it('because its file is gone says so, and consumes nothing that nobody would know of', async () => {
    const { open, path } = storeFolder();
    const store = open();
    await store.create(draftOf('a', { expiresMs: LATE }), 'a');
    await store.vote('a', voteOf('ann'), 1);
    renameSync(path, `${path}.moved`);
    for (const attempt of [
      () => store.consume('a', 'claim', BINDINGS),
      () => store.get('a'),
      () => store.list({}),
      () => store.create(draftOf('b'), 'b'),
    ]) {
      expect(attempt).toThrow(failing(/moved, removed or replaced.*put it back/));
    }
    renameSync(`${path}.moved`, path);
    expect(await store.consume('a', 'claim', BINDINGS)).toMatchObject({ ok: true });
  });

  it('because another file was put in its place says so', async () => {
    const { open, path, folder } = storeFolder();
    const store = open();
    await store.create(draftOf('a', { expiresMs: LATE }), 'a');
    const other = join(folder, 'other.db');
    sqliteApprovals(other, { key }).close();
    renameSync(other, path);
    expect(() => store.vote('a', voteOf('ann'), 1)).toThrow(failing(/replaced/));
  });

  it('because it was closed says so', () => {
    const { open } = storeFolder();
    const store = open();
    store.close();
    expect(() => store.get('a')).toThrow(failing(/was closed; open it again/));
  });

  it('because it does not wait for the disk any more says so, and consumes nothing', async () => {
    const { open } = storeFolder();
    const lax = vi.spyOn(DatabaseSync.prototype, 'prepare');
    const store = open();
    const synchronous = lax.mock.results.find(
      (_, i) => lax.mock.calls[i]?.[0] === 'PRAGMA synchronous',
    );
    lax.mockRestore();
    await store.create(draftOf('a', { expiresMs: LATE }), 'a');
    await store.vote('a', voteOf('ann'), 1);
    // Stands in for a pragma that something else in the process set on the connection.
    const statement = synchronous?.value as { get: () => unknown };
    vi.spyOn(statement, 'get').mockReturnValue({ synchronous: 1 });
    expect(() => store.consume('a', 'claim', BINDINGS)).toThrow(
      failing(/does not wait for the disk/),
    );
    vi.restoreAllMocks();
    expect(await store.consume('a', 'claim', BINDINGS)).toMatchObject({ ok: true });
  });

  itMounts(
    'because the disk is full says so, loses nothing, and goes on with more room',
    async () => {
      const disk = tinyDisk('1m');
      if (disk === undefined) throw new Error('the file system was not mounted');
      const store = sqliteApprovals(join(disk, 'approvals.db'), {
        key,
        maxPendingPerSession: 9999,
      });
      onTestFinished(() => store.close());
      await store.create(draftOf('approved', { expiresMs: LATE }), 'approved');
      await store.vote('approved', voteOf('ann'), 1);
      const args = { note: 'x'.repeat(20_000) };
      const kept: string[] = [];
      const fill = async (): Promise<void> => {
        for (let n = 0; n < 500; n += 1) {
          await store.create(draftOf(`a${n}`, { args, expiresMs: LATE }), `a${n}`);
          kept.push(`a${n}`);
        }
      };
      await expect(fill()).rejects.toThrow(failing(/disk is full; make room|disk failed/));
      expect(await codeOf(() => store.consume('approved', 'claim', BINDINGS))).toSatisfy(
        (answer) => answer === 'approval_store_error' || (answer as { ok: boolean }).ok,
      );
      spawnSync('mount', ['-o', 'remount,size=8m', disk]);
      const again = sqliteApprovals(join(disk, 'approvals.db'), { key });
      onTestFinished(() => again.close());
      expect((await again.list({ limit: 999 })).map(({ aid }) => aid)).toEqual([
        'approved',
        ...kept,
      ]);
      expect(await again.consume('approved', 'claim', BINDINGS)).toMatchObject({ ok: true });
    },
  );

  itMounts('because it may only be read says so, and can be read', async () => {
    const disk = tinyDisk('4m');
    if (disk === undefined) throw new Error('the file system was not mounted');
    const path = join(disk, 'approvals.db');
    const store = sqliteApprovals(path, { key });
    onTestFinished(() => store.close());
    await store.create(draftOf('a', { expiresMs: LATE }), 'a');
    await store.vote('a', voteOf('ann'), 1);
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    // What is open for writing keeps a file system from becoming one to read: then nothing is refused.
    const readOnly = spawnSync('touch', [join(disk, 'probe')]).status !== 0;
    if (readOnly) {
      expect(await codeOf(() => store.consume('a', 'claim', BINDINGS))).toBe(
        'approval_store_error',
      );
      expect(await store.get('a')).toMatchObject({ state: 'approved' });
    }
  });
});

describe('the clock of a store', () => {
  it('does not bring back what has expired, nor give more time, when it is set back', async () => {
    let now = 10_000_000;
    const clock = () => now;
    const { open } = storeFolder();
    const first = open({ clock });
    await first.create(draftOf('short', { expiresMs: 1000 }), 'short');
    await first.create(draftOf('long', { expiresMs: 10_000 }), 'long');
    await first.vote('short', voteOf('ann'), 1);
    now += 6000;
    expect(await first.get('short')).toMatchObject({ state: 'expired' });
    await first.create(draftOf('tick'), 'tick');
    first.close();
    now -= 5_000_000;
    const second = open({ clock });
    expect(await second.consume('short', 'claim', BINDINGS)).toEqual({
      ok: false,
      reason: 'expired',
    });
    expect(await second.get('long')).toMatchObject({ state: 'pending' });
    now += 4000;
    expect(await second.get('long')).toMatchObject({ state: 'expired' });
  });

  it('lets expire early what was open when it jumped forward, and goes on from there', async () => {
    let now = 0;
    const clock = () => now;
    const { open } = storeFolder();
    const store = open({ clock });
    await store.create(draftOf('before', { expiresMs: LATE }), 'before');
    await store.vote('before', voteOf('ann'), 1);
    now = 365 * 24 * LATE;
    expect(await store.consume('before', 'c', BINDINGS)).toEqual({ ok: false, reason: 'expired' });
    now = 5000;
    const kept = await store.create(draftOf('after', { expiresMs: 1000 }), 'after');
    expect(kept.expiresAt).toBe(365 * 24 * LATE + 1000);
    now = 6000;
    expect(await store.get('after')).toMatchObject({ state: 'expired' });
  });

  it('that tells no time lets nothing run', async () => {
    let now = 0;
    const { open } = storeFolder();
    const store = open({ clock: () => now });
    await store.create(draftOf('a'), 'a');
    await store.vote('a', voteOf('ann'), 1);
    now = Number.NaN;
    expect(() => store.consume('a', 'claim', BINDINGS)).toThrow(failing(/mend the clock/));
    now = 1;
    expect(await store.consume('a', 'claim', BINDINGS)).toMatchObject({ ok: true });
  });
});
