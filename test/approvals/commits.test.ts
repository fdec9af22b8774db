import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sqliteApprovals } from '@guardstile/approvals';
import { describe, expect, onTestFinished } from 'vitest';

import { itWhere } from '../faults/it-where.ts';
import { canInject } from '../faults/strace.ts';
import { BINDINGS, draftOf, voteOf } from './draft.ts';

const program = fileURLToPath(new URL('consume-once.ts', import.meta.url));
const itTraces = itWhere(canInject(), 'strace, allowed to trace');
const key = Buffer.alloc(32, 9);

/** A store on the disk with one approval that can be used. */
async function approvedStore(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-commits-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'approvals.db');
  const store = sqliteApprovals(path, { key });
  await store.create(draftOf('a', { expiresMs: 3_600_000 }), 'a');
  await store.vote('a', voteOf('ann'), 1);
  store.close();
  return path;
}

function consumeUnder(strace: readonly string[], path: string) {
  const args = ['-f', '-qq', ...strace, process.execPath, program, path, key.toString('hex')];
  const { stdout, stderr, signal, status } = spawnSync('strace', args, { encoding: 'utf8' });
  return { said: stdout.split('\n').filter((line) => line !== ''), stderr, signal, status };
}

/** What can be had from a store after a run: whoever was granted it has it, and nobody else. */
async function expectOnce(path: string, said: readonly string[]): Promise<void> {
  const store = sqliteApprovals(path, { key });
  onTestFinished(() => store.close());
  const before = (await store.get('a'))?.state;
  if (said.includes('granted')) expect(before).toBe('consumed');
  expect(['approved', 'consumed']).toContain(before);
  // Whether the answer was lost or the commit: the same claim has it, and then no other.
  expect(await store.consume('a', 'first claim', BINDINGS)).toMatchObject({ ok: true });
  expect(await store.consume('a', 'second claim', BINDINGS)).toMatchObject({ reason: 'consumed' });
}

describe('a consume', () => {
  itTraces('is answered when the disk has it, and not before', async () => {
    const path = await approvedStore();
    const out = `${path}.trace`;
    const { said } = consumeUnder(['-e', 'trace=write,fsync,fdatasync', '-o', out], path);
    expect(said).toEqual(['consuming', 'granted']);
    const calls = readFileSync(out, 'utf8').split('\n');
    const from = calls.findIndex((call) => call.includes('"consuming'));
    const to = calls.findIndex((call) => call.includes('"granted'));
    const between = calls
      .slice(from, to)
      .filter((call) => /\bf(data)?sync\(\d+\)\s+= 0/.test(call));
    expect(between.length).toBeGreaterThan(0);
    await expectOnce(path, said);
  });

  itTraces(
    'whose sync fails runs nothing, and whoever is killed at one loses nothing',
    async () => {
      const outcomes = new Set<string>();
      for (const fault of ['error=EIO', 'signal=KILL']) {
        for (const nth of [1, 2, 3, 4]) {
          const path = await approvedStore();
          const inject = `inject=fsync,fdatasync:${fault}:when=${nth}`;
          const { said } = consumeUnder(['-e', inject, '-o', '/dev/null'], path);
          outcomes.add(said.at(-1) ?? 'nothing');
          await expectOnce(path, said);
        }
      }
      expect(outcomes).toContain('approval_store_error');
      expect(outcomes).toContain('granted');
    },
  );
});
