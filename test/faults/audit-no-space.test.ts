import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createAuditKeys, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';
import { allowAll, createGuard, isGuardError } from '@guardstile/core';
import { describe, expect, onTestFinished, vi } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { itWhere } from './it-where.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };

/** A file system of this size; absent where none may be mounted. */
function tinyDisk(size: string): string | undefined {
  const directory = temporaryDirectory();
  const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory];
  if (spawnSync('mount', options).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['-l', directory]));
  return directory;
}

function canMount(): boolean {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return process.getuid?.() === 0 && probe.status === 0;
}

const itFills = itWhere(canMount(), 'root, allowed to mount');
const kinds = { file: fileAudit, sqlite: sqliteAudit };

describe('a disk that is full', () => {
  for (const [kind, open] of Object.entries(kinds)) {
    itFills(`denies calls, and a ${kind} log goes on once there is room again`, async () => {
      const disk = tinyDisk(kind === 'file' ? '512k' : '3m');
      if (disk === undefined) throw new Error('the file system was not mounted');
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(kind === 'file' ? 64 * 1024 : 1024 * 1024));
      const path = join(disk, 'log');
      const audit = open(path, { ...keys, checkpointEvery: 5 });
      const guard = createGuard({ policy: allowAll(), audit });
      const ran: string[] = [];
      const args = { text: 'x'.repeat(1500) };
      const call = async (): Promise<unknown> =>
        guard.call({ tool: 'pay', args }, (_args, { rid }) => ran.push(rid));

      let refusal: unknown;
      for (let calls = 0; refusal === undefined && calls < 2000; calls += 1) {
        refusal = await call().then(
          () => undefined,
          (error: unknown) => error,
        );
      }
      expect(isGuardError(refusal) && refusal.code).toBe('audit_error');
      const before = ran.length;
      await expect(call()).rejects.toMatchObject({ code: 'audit_error' });
      expect(ran).toHaveLength(before);

      rmSync(ballast);
      await vi.waitFor(call, { timeout: 20_000, interval: 100 });
      const mended = [...audit.entries({ kind: 'recovery' })];
      expect(mended.map(({ action }) => action)).toContain('log.mended');
      await guard.close();
      const log = [...open(path, keys).entries({ action: 'tool.allow' })];
      const allowed = new Set(log.map(({ rid }) => rid));
      expect(ran.filter((rid) => !allowed.has(rid))).toEqual([]);
      expect(verifyLog(path, { key: keys.key })).toMatchObject({ outcome: 'unproven' });
      if (kind === 'file') {
        // A full disk takes a part of a write and says nothing.
        const torn = readdirSync(path).filter((name) => name.includes('.torn-'));
        expect(torn.map((name) => statSync(join(path, name)).size > 0)).toContain(true);
      }
    });
  }
});
