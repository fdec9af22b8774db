import { allowAll, type AuditDraft, createGuard } from '@guardstile/core';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Anchor } from './anchor.ts';
import { createAuditKeys } from './audit-keys.ts';
import { type DiskAudit, diskAudit, openOptions, type DiskAuditOptions } from './disk-audit.ts';
import type { LogStorage, PlacedEntry } from './log-storage.ts';
import { openLog, type LogPlace } from './open-log.ts';
import { fileAudit } from './file-audit.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const entry: AuditDraft = { kind: 'application', action: 'test', actor: 'test' };

/** A disk that does what a test says. */
interface Disk {
  readonly entries: PlacedEntry[];
  /** What the next writes wait for. */
  hold: Promise<void> | undefined;
  failures: number;
  checkpoints: number;
  failCheckpoints: boolean;
  readonly mended: string[];
}

function newDisk(): Disk {
  const mended: string[] = [];
  return {
    entries: [],
    hold: undefined,
    failures: 0,
    checkpoints: 0,
    failCheckpoints: false,
    mended,
  };
}

function placeOn(disk: Disk): LogPlace {
  const storage: LogStorage = {
    prepare: () => undefined,
    async append(placed) {
      await disk.hold;
      if (disk.failures > 0) {
        disk.failures -= 1;
        throw new Error('EIO');
      }
      disk.entries.push(...placed);
    },
    mend(_state, cause) {
      disk.mended.push(cause);
      return { kind: 'recovery', action: 'log.mended', actor: 'guard' };
    },
    close: () => undefined,
  };
  return {
    name: 'test',
    lock: `${temporaryDirectory()}/lock`,
    create: () => undefined,
    open: () => ({ found: undefined, dropped: undefined, storage, mark: () => undefined }),
    keepCheckpoint() {
      if (disk.failCheckpoints) throw new Error('ENOSPC');
      disk.checkpoints += 1;
    },
    rootAt: () => undefined,
  };
}

const logs: DiskAudit[] = [];
let releases: Array<() => void> = [];

function opened(disk: Disk, options: Partial<DiskAuditOptions> = {}): DiskAudit {
  const opening = openOptions({ ...keys, deadlineMs: 50, ...options });
  const log = diskAudit(
    {
      name: 'test',
      path: temporaryDirectory(),
      places: [placeOn(disk)],
      entries: function* none() {},
      vault: '',
    },
    opening,
    {},
  );
  logs.push(log);
  return log;
}

/** From now on the disk does not answer, until it is told to. */
function hang(disk: Disk): () => void {
  let release: () => void = () => undefined;
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  releases.push(release);
  return () => {
    disk.hold = undefined;
    release();
  };
}

const actions = ({ entries }: Disk): readonly string[] => entries.map(({ draft }) => draft.action);

afterEach(async () => {
  for (const release of releases) release();
  releases = [];
  for (const log of logs.splice(0)) await log.close().catch(() => undefined);
});

describe('a disk that does not answer', () => {
  it('denies the calls of a guard in time, and later ones at once, until it answers again', async () => {
    const disk = newDisk();
    const audit = opened(disk);
    const guard = createGuard({ policy: allowAll(), audit });
    let ran = 0;
    const call = async (): Promise<void> => guard.call({ tool: 'pay', args: {} }, () => void ran++);
    await call();
    const release = hang(disk);
    const results = await Promise.allSettled(Array.from({ length: 5 }, call));
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(results[0]).toMatchObject({ reason: { code: 'audit_error' } });
    await expect(call()).rejects.toThrow('does not answer');
    expect(ran).toBe(1);
    release();
    await vi.waitFor(call, { timeout: 20_000 });
    expect(ran).toBe(2);
    await guard.close();
  });

  it('denies what waited behind slow batches for longer than the deadline', async () => {
    const disk = newDisk();
    const log = opened(disk, { deadlineMs: 200 });
    await log.append(entry);
    const release = hang(disk);
    const first = log.append(entry);
    const waited = log.append(entry);
    // The process is busy for longer than an entry may wait; the disk answers meanwhile.
    await Promise.resolve();
    const last = log.append(entry);
    const end = performance.now() + 250;
    while (performance.now() < end);
    release();
    const [, , third] = await Promise.allSettled([first, waited, last]);
    expect(third).toMatchObject({ status: 'rejected', reason: { code: 'audit_error' } });
    expect(await log.append(entry)).toMatchObject({ durability: 'disk' });
  });

  it('does not keep a log from ending, which gives up its lock when the disk answers', async () => {
    const disk = newDisk();
    const place = placeOn(disk);
    const opening = openOptions({ ...keys, deadlineMs: 50 });
    const log = openLog([place], opening);
    await log.append(entry);
    const release = hang(disk);
    await expect(log.close()).rejects.toMatchObject({ code: 'audit_error' });
    expect(() => openLog([place], opening)).toThrow(
      expect.objectContaining({ code: 'audit_locked' }),
    );
    release();
    const again = await vi.waitFor(() => openLog([place], opening));
    await again.close();
  });

  it('is no worse than an anchor that does not: calls are denied in time, until it answers', async () => {
    const path = temporaryDirectory();
    const notes = new Map<string, string>();
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let asked = 0;
    const anchor: Anchor = {
      name: 'slow',
      async latest(log) {
        asked += 1;
        await answered;
        return notes.get(log);
      },
      publish: async (log, note) => void notes.set(log, note),
    };
    const options = { ...keys, anchors: [anchor] };
    // A log that begins has nothing to be compared with.
    const before = fileAudit(path, options);
    await before.append(entry);
    await before.close();
    expect(asked).toBe(0);
    const log = fileAudit(path, { ...options, deadlineMs: 200 });
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_error' });
    await expect(log.append(entry)).rejects.toThrow('an anchor');
    answer();
    await vi.waitFor(async () => log.append(entry), { timeout: 20_000 });
    await log.close();
  });
});

describe('a disk that fails', () => {
  it('before the first entry of a log: the log begins with the next call', async () => {
    const disk = newDisk();
    disk.failures = 2;
    const log = opened(disk);
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'audit_error' });
    await vi.waitFor(async () => log.append(entry), { timeout: 20_000 });
    expect(actions(disk)).toEqual(['log.opened', 'log.mended', 'test']);
    expect(disk.mended.length).toBeLessThan(4);
  });

  it('fails nobody who was answered, and mends before the next entry', async () => {
    const disk = newDisk();
    const log = opened(disk);
    await log.append(entry);
    disk.failures = 1;
    await expect(log.append(entry)).rejects.toThrow('EIO');
    const { seq } = await log.append(entry);
    expect(disk.mended).toEqual(['EIO']);
    expect(actions(disk)).toEqual(['log.opened', 'test', 'log.mended', 'test']);
    expect(seq).toBe(3);
  });

  it('with a checkpoint only: entries go on, nothing is mended, and the next one is tried later', async () => {
    const disk = newDisk();
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
    const log = opened(disk, { checkpointEvery: 1, checkpointEveryMs: 20, logger });
    await log.append(entry);
    const before = disk.checkpoints;
    disk.failCheckpoints = true;
    await log.append(entry);
    await log.append(entry);
    expect(disk.mended).toEqual([]);
    expect(warnings[0]).toContain('ENOSPC');
    disk.failCheckpoints = false;
    await vi.waitFor(() => expect(disk.checkpoints).toBeGreaterThan(before));
  });
});

describe('closing', () => {
  it('says so behind everything that waits, however much that is', async () => {
    const disk = newDisk();
    const log = opened(disk, { queue: 3, deadlineMs: 60_000 });
    const appended = Promise.all([log.append(entry), log.append(entry), log.append(entry)]);
    await log.close();
    await appended;
    expect(actions(disk)).toEqual(['log.opened', 'test', 'test', 'test', 'log.closed']);
  });

  it('does not wait for an anchor for ever, and writes nothing afterwards', async () => {
    const disk = newDisk();
    const silent: Anchor = {
      name: 'silent',
      latest: () => Promise.resolve(undefined),
      publish: () => new Promise(() => undefined),
    };
    const log = opened(disk, { anchors: [silent], anchorTimeoutMs: 20, checkpointEveryMs: 1 });
    await log.append(entry);
    await log.close();
    const { checkpoints } = disk;
    expect(checkpoints).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(disk.checkpoints).toBe(checkpoints);
  });
});

describe('an anchor', () => {
  it('that was slow gets the newest checkpoint and none in between', async () => {
    const disk = newDisk();
    const sizes: number[] = [];
    let release: () => void = () => undefined;
    const slow: Anchor = {
      name: 'slow',
      latest: () => Promise.resolve(undefined),
      async publish(_log, note) {
        sizes.push(Number(note.split('\n')[1]));
        if (sizes.length > 1) return;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    };
    const log = opened(disk, { anchors: [slow], checkpointEvery: 1, deadlineMs: 60_000 });
    for (let i = 0; i < 5; i += 1) await log.append(entry);
    expect(sizes).toHaveLength(1);
    release();
    await log.close();
    expect(sizes.at(-1)).toBe(7);
    expect(sizes.length).toBe(2);
  });

  it('that failed is told the same checkpoint again at the end', async () => {
    const disk = newDisk();
    const sizes: number[] = [];
    let offline = true;
    const anchor: Anchor = {
      name: 'flaky',
      latest: () => Promise.resolve(undefined),
      publish(_log, note) {
        sizes.push(Number(note.split('\n')[1]));
        if (!offline) return Promise.resolve();
        offline = false;
        return Promise.reject(new Error('offline'));
      },
    };
    const log = opened(disk, { anchors: [anchor], checkpointEvery: 1e9, checkpointEveryMs: 1e9 });
    await log.append(entry);
    await log.close();
    expect(sizes).toEqual([3, 3]);
  });
});
