import { createAuditKeys, fileAudit, mirrored } from '@guardstile/audit';
import { allowAll, createGuard, memoryAudit } from '@guardstile/core';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';

function capturing() {
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const parsed = (): unknown[] => lines.map((line) => JSON.parse(line) as unknown);
  return { logger, parsed };
}

describe('a mirrored log', () => {
  it.each([
    ['file', () => fileAudit(temporaryDirectory(), createAuditKeys())],
    ['memory', () => memoryAudit()],
  ])('in %s tells pino of every entry once it is kept', async (_, open) => {
    const { logger, parsed } = capturing();
    const guard = createGuard({
      policy: ({ tool }) => (tool.name === 'rm' ? 'deny' : 'allow'),
      audit: mirrored(open(), logger),
    });
    await guard.call({ tool: 'read', args: { token: 'x' } }, () => 1);
    await guard.call({ tool: 'rm', args: {} }, () => 1).catch(() => undefined);
    const entries = (await guard.audit?.query()) ?? [];
    expect(parsed()).toMatchObject([
      {
        level: 30,
        msg: 'tool.allow',
        seq: 1,
        hash: entries[1]?.hash,
        args: { token: '[redacted]' },
      },
      { level: 30, msg: 'tool.outcome', seq: 2 },
      { level: 40, msg: 'tool.deny', seq: 3, code: 'denied' },
    ]);
    expect(await guard.audit?.verify()).toMatchObject({ ok: true });
    await guard.close();
  });

  it('fails no call when the logger fails', async () => {
    const logger = {
      info: () => {
        throw new Error('no');
      },
      warn: () => undefined,
    };
    const guard = createGuard({ policy: allowAll(), audit: mirrored(memoryAudit(), logger) });
    expect(await guard.call({ tool: 'read', args: {} }, () => 7)).toBe(7);
  });

  it('says nothing of what the log did not take', async () => {
    const { logger, parsed } = capturing();
    const log = fileAudit(temporaryDirectory(), createAuditKeys());
    const mirror = mirrored(log, logger);
    await log.close();
    await expect(
      mirror.append({ kind: 'application', action: 'x', actor: 'test' }),
    ).rejects.toMatchObject({ code: 'audit_error' });
    expect(parsed()).toEqual([]);
  });
});
