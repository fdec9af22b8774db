import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteApprovals } from '@guardstile/approvals';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { BINDINGS, draftOf, voteOf } from './draft.ts';
import { race } from './race.ts';

/** `GUARDSTILE_RACES=10 npx vitest run test/approvals/processes.test.ts` races more often, and for more. */
const races = Number(process.env['GUARDSTILE_RACES'] ?? 1);

/** Where nobody waits for a disk, most of them are at it at the same moment. */
const quickest = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(quickest, 'guardstile-race-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rounds = Array.from({ length: races }, (_, i) => i + 1);

describe('approvals that four processes want', () => {
  it.each(rounds)('are 2,000, and 2,000 are granted, each to one (%i)', async () => {
    const result = await race(folder, { approvals: 2000, processes: 4, kills: 0 });
    expect(result.granted).toHaveLength(2000);
    expect(result.granted.toSorted()).toEqual(result.wanted.toSorted());
  });

  it.each(rounds)('are granted once though processes are killed in between (%i)', async () => {
    const result = await race(folder, {
      approvals: races > 1 ? 2000 : 600,
      processes: 4,
      kills: 4,
    });
    expect(result.granted.toSorted()).toEqual(result.wanted.toSorted());
    expect(result.killed).toBeGreaterThan(0);
  });
});

describe('a commit whose answer was lost', () => {
  it('is found again with the same claim, by another process too, and is a replay with any other', async () => {
    const path = join(folder, 'lost.db');
    const key = randomBytes(32);
    const first = sqliteApprovals(path, { key });
    await first.create(draftOf('a', { expiresMs: 3_600_000 }), 'a');
    await first.vote('a', voteOf('ann'), 1);
    await first.consume('a', 'claim', BINDINGS); // nobody hears the answer
    first.close();
    const second = sqliteApprovals(path, { key });
    expect(await second.consume('a', 'claim', BINDINGS)).toMatchObject({ ok: true });
    expect(await second.consume('a', 'another claim', BINDINGS)).toEqual({
      ok: false,
      reason: 'consumed',
    });
    second.close();
  });
});
