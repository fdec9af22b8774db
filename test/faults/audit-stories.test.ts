import { join } from 'node:path';

import { createAuditKeys, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';
import type { AuditDraft } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { expectWhole, type WriterOptions, writeUntil } from './audit-ledger.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const entry: AuditDraft = { kind: 'application', action: 'test', actor: 'test' };
const opens = { file: fileAudit, sqlite: sqliteAudit };

describe.each(['file', 'sqlite'] as const)('a %s log', (kind) => {
  const open = opens[kind];

  it('keeps its order when the clock goes backwards, over a restart too, and says how often', async () => {
    const path = join(temporaryDirectory(), 'log');
    let now = 1_000_000;
    const clock = (): number => (now -= 10);
    for (let start = 0; start < 2; start += 1) {
      const log = open(path, { ...keys, clock, checkpointEvery: 2 });
      await log.append(entry);
      await log.append(entry);
      await log.close();
    }
    const report = verifyLog(path, { key: keys.key });
    expect(report).toMatchObject({ outcome: 'unproven', entries: 8, clockSteps: 7 });
    const log = open(path, keys);
    await log.append(entry);
    expect(log.query().map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await log.close();
  });

  it('killed between allow and outcome says that nobody knows, names it once, and runs nothing again', async () => {
    const log: WriterOptions = { path: join(temporaryDirectory(), 'log'), keys, kind, callers: 1 };
    // opened, acknowledged (the allow), ran: the body has begun and nothing has come of it.
    const ledger = await writeUntil(log, { lines: 3 });
    expect(ledger).toMatchObject({ killed: true });
    const [rid] = ledger.ran;
    const after = await expectWhole(log, ledger);
    const reader = open(log.path, keys);
    const story = reader.query({ rid: rid ?? '' });
    const outcome = story.find((one) => one.kind === 'outcome');
    // The kill comes from outside: it may have come a moment later.
    if (outcome === undefined) {
      expect(after.unknown).toContain(story[0]?.attempt);
      expect(verifyLog(log.path).unknown).toContain(story[0]?.attempt);
    }
    expect(story.filter(({ action }) => action === 'tool.allow')).toHaveLength(1);
    await reader.append(entry);
    const [, again] = reader.query({ action: 'log.reopened' });
    expect(again?.payload).toMatchObject({ unknown: [], unknownCount: 0 });
    await reader.close();
  });
});
