import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createGuard, type KeyedClaim } from '@guardstile/core';
import {
  type SqliteLimits,
  sqliteLimits,
  type SqliteStopSwitch,
  sqliteStopSwitch,
} from '@guardstile/limits';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { itWhere } from '../faults/it-where.ts';

const LEASE = 60_000;
const itMounts = itWhere(process.getuid?.() === 0 && canMount(), 'root, allowed to mount');

function claim(fields: Partial<KeyedClaim> = {}): KeyedClaim {
  return { key: 'k', amount: 1, max: 2, windowMs: 3_600_000, ...fields };
}

/** What is refused, with a code and with words that say what to do. */
function failing(words: RegExp): unknown {
  return expect.objectContaining({
    name: 'GuardError',
    code: 'limits_error',
    message: expect.stringMatching(words) as unknown,
  });
}

function place(base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()) {
  const folder = mkdtempSync(join(base, 'guardstile-limits-'));
  const path = join(folder, 'limits.db');
  const opened: Array<SqliteLimits | SqliteStopSwitch> = [];
  onTestFinished(() => {
    for (const one of opened) {
      try {
        one.close();
      } catch {
        // The test closed it.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    path,
    open() {
      const limits = sqliteLimits(path);
      opened.push(limits);
      return limits;
    },
    openSwitch() {
      const stopSwitch = sqliteStopSwitch(path);
      opened.push(stopSwitch);
      return stopSwitch;
    },
    tamper(...statements: readonly string[]) {
      const database = new DatabaseSync(path, { timeout: 5000 });
      for (const statement of statements) database.exec(statement);
      database.close();
    },
  };
}

const reserve = (limits: SqliteLimits, attempt: string, fields?: Partial<KeyedClaim>) => () =>
  limits.reserve([claim(fields)], attempt, LEASE);

describe('limits that cannot be opened', () => {
  it('because there is no directory say so', () => {
    const { folder } = place();
    expect(() => sqliteLimits(join(folder, 'missing', 'limits.db'))).toThrow(
      failing(/make sure that its directory exists/),
    );
  });

  it('because it is a directory, no database, or another application’s say so', () => {
    const { folder } = place();
    mkdirSync(join(folder, 'directory'));
    writeFileSync(join(folder, 'text'), 'no database, and longer than a header. '.repeat(99));
    const other = new DatabaseSync(join(folder, 'other.db'));
    other.exec('CREATE TABLE used (id)');
    other.close();
    const open = (name: string) => () => sqliteLimits(join(folder, name));
    expect(open('directory')).toThrow(failing(/make sure that its directory exists/));
    expect(open('text')).toThrow(failing(/give the path of another file/));
    expect(open('other.db')).toThrow(failing(/give the path of another file/));
  });

  it('because a newer version wrote them say so, and leave them as they are', () => {
    const { open, tamper } = place();
    const limits = open();
    reserve(limits, 'a', { max: 1 })();
    limits.close();
    tamper('PRAGMA user_version = 2');
    expect(open).toThrow(failing(/newer version .*schema 2, this one knows 1.*update/));
    tamper('PRAGMA user_version = 1');
    expect(reserve(open(), 'b', { max: 1 })()).toMatchObject({ ok: false });
  });

  it.each([
    'CREATE TRIGGER generous AFTER INSERT ON used BEGIN DELETE FROM used; END',
    'CREATE TABLE another (id)',
    'DROP INDEX used_ends',
  ])('because somebody changed what they are made of say so: %s', (statement) => {
    const { open, tamper } = place();
    open().close();
    tamper(statement);
    expect(open).toThrow(failing(/other tables, indexes or triggers/));
  });

  it('because they are in memory, and would not be there for anybody else, say so', () => {
    expect(() => sqliteLimits(':memory:')).toThrow(failing(/give the path of a file/));
  });

  it.each([{ clock: 5 }, { clok: Date.now }])('with options %j say so', (options) => {
    const { path } = place();
    expect(() => sqliteLimits(path, options as never)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});

describe('limits that fail while they are used', () => {
  it('because another process holds them say so, and go on when that lets go', () => {
    const { open, path } = place();
    const limits = open();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let later = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (later += 2000));
    expect(reserve(limits, 'a')).toThrow(failing(/another process holds it/));
    clock.mockRestore();
    other.exec('ROLLBACK');
    other.close();
    expect(reserve(limits, 'b', { amount: 2 })()).toMatchObject({ ok: true });
  });

  it('because the file is gone or another one is in its place say so, and reserve nothing', () => {
    const { open, openSwitch, path, folder } = place();
    const [limits, stopSwitch] = [open(), openSwitch()];
    renameSync(path, `${path}.moved`);
    for (const attempt of [
      reserve(limits, 'a'),
      () => limits.renew('a', LEASE),
      () => limits.release('a'),
      () => stopSwitch.stopped({}),
      () => stopSwitch.stop('now'),
    ]) {
      expect(attempt).toThrow(failing(/moved, removed or replaced.*put it back/));
    }
    limits.settle('a'); // written when it can be
    renameSync(`${path}.moved`, path);
    expect(reserve(limits, 'a', { amount: 2 })()).toMatchObject({ ok: true });
    const other = join(folder, 'other.db');
    sqliteLimits(other).close();
    renameSync(other, path);
    expect(reserve(limits, 'b')).toThrow(failing(/replaced/));
  });

  it('because they were closed say so', () => {
    const { open, openSwitch } = place();
    const [limits, stopSwitch] = [open(), openSwitch()];
    limits.close();
    stopSwitch.close();
    expect(reserve(limits, 'a')).toThrow(failing(/was closed; open it again/));
    expect(() => stopSwitch.stopped({})).toThrow(failing(/was closed; open it again/));
  });

  it('let a guard run nothing', async () => {
    const { open, openSwitch, path } = place();
    const [limits, stopSwitch] = [open(), openSwitch()];
    const policy = () =>
      ({ effect: 'allow', limits: [{ id: 'x', max: 5, windowMs: 1000 }] }) as const;
    const limited = createGuard({ policy, limits });
    const stoppable = createGuard({ policy: () => 'allow', stopSwitch });
    let ran = 0;
    const call = (guard: typeof limited) => guard.call({ tool: 'x', args: {} }, () => (ran += 1));
    await call(limited);
    await call(stoppable);
    rmSync(path);
    await expect(call(limited)).rejects.toMatchObject({ code: 'limits_error' });
    await expect(call(stoppable)).rejects.toMatchObject({ code: 'stopped' });
    expect(ran).toBe(2);
  });

  itMounts('because the disk is full say so, and neither grant nor lose anything', async () => {
    const disk = tinyDisk('256k');
    const limits = sqliteLimits(join(disk, 'limits.db'));
    onTestFinished(() => limits.close());
    let granted = 0;
    const fill = (): void => {
      for (let n = 0; n < 2000; n += 1) {
        limits.reserve([claim({ key: `k ${n}` }), claim({ max: 2000 })], `a ${n}`, LEASE);
        granted += 1;
      }
    };
    expect(fill).toThrow(failing(/disk is full; make room|disk failed/));
    spawnSync('mount', ['-o', 'remount,size=8m', disk]);
    const again = sqliteLimits(join(disk, 'limits.db'));
    onTestFinished(() => again.close());
    expect(reserve(again, 'rest', { amount: 2000, max: 2000 })()).toMatchObject({
      left: 2000 - granted,
    });
    expect(reserve(limits, 'more', { max: 2000 })()).toMatchObject({ ok: true });
  });

  itMounts('because they may only be read say so', async () => {
    const disk = tinyDisk('4m');
    const path = join(disk, 'limits.db');
    sqliteLimits(path).close();
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    expect(() => {
      const limits = sqliteLimits(path);
      onTestFinished(() => limits.close());
      reserve(limits, 'a')();
    }).toThrow(failing(/cannot be written|cannot be opened/));
  });
});

function canMount(): boolean {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return probe.status === 0;
}

/** A file system of this size. */
function tinyDisk(size: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-tiny-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

describe('the file', () => {
  it('is for its owner only, and says neither who nor what', () => {
    const { open, path } = place();
    const limits = open();
    limits.reserve([claim({ key: '["refunds","principal","acme","eve"]' })], 'attempt-7', LEASE);
    expect(statSync(path).mode & 0o077).toBe(0);
    limits.close();
    const database = new DatabaseSync(path);
    const text = JSON.stringify(database.prepare('SELECT * FROM used').all());
    database.close();
    expect(text).not.toMatch(/refunds|eve/);
  });

  it('holds nothing of what is over, however many there were', () => {
    const { path } = place();
    let now = 1_000_000;
    const limits = sqliteLimits(path, { clock: () => now });
    onTestFinished(() => limits.close());
    for (let i = 0; i < 12_000; i += 1) {
      limits.reserve([claim({ key: `k ${i}`, windowMs: 1 })], `a ${i}`, 1);
    }
    now += 10;
    limits.reserve([claim()], 'last', 1);
    const database = new DatabaseSync(path);
    onTestFinished(() => database.close());
    expect(database.prepare('SELECT count(*) AS n FROM used').get()).toEqual({ n: 1 });
    expect(database.prepare('SELECT count(*) AS n FROM account').get()).toEqual({ n: 1 });
  });

  it('remembers how far its clock had come, in another process too', () => {
    const { path } = place();
    const hour = 3_600_000;
    const before = sqliteLimits(path, { clock: () => 10 * hour });
    before.reserve([claim({ max: 1, windowMs: hour })], 'a', LEASE);
    before.close();
    let now = hour;
    const after = sqliteLimits(path, { clock: () => now });
    onTestFinished(() => after.close());
    expect(reserve(after, 'b', { max: 1 })()).toMatchObject({ ok: false });
    now += hour;
    expect(reserve(after, 'c', { max: 1 })()).toMatchObject({ ok: true });
  });
});

describe('a process whose clock was set back before it opened the file', () => {
  it('settles what another one reserved at the time of the store', () => {
    const { path } = place();
    const hour = 3_600_000;
    const [before, after] = [10 * hour, hour].map((now) => {
      const limits = sqliteLimits(path, { clock: () => now });
      onTestFinished(() => limits.close());
      if (now !== hour) limits.reserve([claim({ max: 1, windowMs: hour })], 'a', LEASE);
      return limits;
    });
    if (before === undefined || after === undefined) throw new Error('there are two');
    after.settle('a');
    after.release('nothing'); // writes what was settled
    expect(reserve(before, 'b', { max: 1 })()).toMatchObject({ ok: false });
  });
});

describe('a stop switch in a file', () => {
  it('is undone by its own undo or by resume, in whatever order', () => {
    const { openSwitch } = place();
    const [one, two] = [openSwitch(), openSwitch()];
    const undo = one.stop('first');
    two.stop('second \ud800\0');
    expect(two.stopped({})).toBe('first');
    undo();
    undo();
    expect(one.stopped({})).toBe('second \ud800\0');
    one.resume();
    expect(two.stopped({})).toBeUndefined();
  });

  it('tells its own listeners at once', () => {
    const { openSwitch } = place();
    const stopSwitch = openSwitch();
    let told = 0;
    stopSwitch.subscribe(() => {
      throw new Error('deaf');
    });
    const leave = stopSwitch.subscribe(() => (told += 1));
    stopSwitch.stop('now');
    expect(told).toBe(1);
    leave();
    stopSwitch.stop('again');
    expect(told).toBe(1);
  });
});
