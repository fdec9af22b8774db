import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { createAuditKeys, fileAudit } from '@guardstile/audit';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

describe('guardstile audit tail --follow', () => {
  it('shows what is written meanwhile, across files, and ends at an interrupt', async () => {
    const path = temporaryDirectory();
    const log = fileAudit(path, { ...createAuditKeys(), segmentBytes: 800 });
    const append = async (action: string): Promise<unknown> =>
      log.append({ kind: 'application', action, actor: 'test' });
    await append('first');
    const args = [main, 'audit', 'tail', path, '--follow', '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const until = async (action: string): Promise<void> => {
        for (;;) {
          const { value, done } = await lines.next();
          if (done === true) throw new Error(`it ended before ${action}`);
          if ((JSON.parse(value) as { action: string }).action === action) return;
        }
      };
      await until('first');
      for (let i = 0; i < 8; i += 1) {
        await append(`later ${i}`);
        await until(`later ${i}`);
      }
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      await log.close();
    }
  });
});
