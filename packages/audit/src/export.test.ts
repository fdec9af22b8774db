import { join } from 'node:path';

import { allowAll, type AuditEntry, createGuard, memoryAudit } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { createAuditKeys } from './audit-keys.ts';
import { fileAudit } from './file-audit.ts';
import { followLog } from './follow-log.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { CSV_HEAD, toCsv } from './to-csv.ts';
import { toOcsf } from './to-ocsf.ts';

const keys = createAuditKeys();

async function entries(): Promise<readonly AuditEntry[]> {
  const guard = createGuard({
    policy: ({ tool }) => (tool.name === 'rm' ? { effect: 'deny', reason: 'no' } : 'allow'),
    audit: memoryAudit(),
    context: { principal: { id: 'alice', tenant: 'acme' }, session: 's1', agent: 'bot' },
  });
  await guard.call({ tool: 'read', args: { file: 'a' } }, () => 1);
  await guard.call({ tool: 'rm', args: {} }, () => 1).catch(() => undefined);
  return (await guard.audit?.query()) ?? [];
}

describe('an entry as OCSF', () => {
  it('says who did what, how it went, and how the record is protected', async () => {
    const [, allowed, outcome, denied] = (await entries()).map(toOcsf);
    expect(allowed).toMatchObject({
      class_uid: 6003,
      type_uid: 600_399,
      activity_name: 'tool.allow',
      status_id: 1,
      api: { operation: 'read', service: { name: 'app' } },
      actor: {
        app_name: 'bot',
        user: { uid: 'alice', org: { uid: 'acme' } },
        session: { uid: 's1' },
      },
      metadata: { sequence: 1, profiles: ['record_integrity'] },
      unmapped: { kind: 'decision', args: { file: 'a' } },
    });
    expect(outcome).toMatchObject({ activity_name: 'tool.outcome', status_id: 1 });
    expect(denied).toMatchObject({ status_id: 2, severity_id: 3, status_code: 'denied' });
    expect(JSON.stringify(allowed)).not.toContain('undefined');
  });
});

describe('an entry as CSV', () => {
  it('has a cell for every column', async () => {
    const columns = CSV_HEAD.trim().split(',').length;
    for (const entry of await entries()) {
      expect(
        toCsv({ ...entry, args: undefined })
          .trim()
          .split(','),
      ).toHaveLength(columns);
    }
  });

  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM', `"'@SUM"`],
    ['say "hi", twice\nand more', `"say ""hi"", twice\nand more"`],
  ])('cannot be run by a spreadsheet: %j', async (reason, cell) => {
    const [entry] = await entries();
    expect(toCsv({ ...(entry as AuditEntry), reason })).toContain(cell);
  });
});

describe.each([
  ['file', () => fileAudit(temporaryDirectory(), { ...keys, segmentBytes: 1500 })],
  ['sqlite', () => sqliteAudit(join(temporaryDirectory(), 'log.db'), keys)],
])('a %s log that is followed', (_, open) => {
  it('gives every entry once, also across files, while it is written', async () => {
    const log = open();
    const guard = createGuard({ policy: allowAll(), audit: log });
    await guard.call({ tool: 'read', args: {} }, () => 1);
    const follower = followLog(log.path);
    const seen: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      seen.push(...[...follower.take()].map(({ seq }) => seq));
      await guard.call({ tool: 'read', args: {} }, () => 1);
    }
    await guard.close();
    seen.push(...[...follower.take()].map(({ seq }) => seq));
    expect(seen.length).toBeGreaterThanOrEqual(14);
    expect(seen).toEqual(log.query().map(({ seq }) => seq));
    expect([...follower.take()]).toEqual([]);
  });
});
