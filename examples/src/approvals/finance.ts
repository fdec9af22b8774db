import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ApprovalView } from '@guardstile/approvals';

const guardstile = fileURLToPath(new URL('../../../node_modules/.bin/guardstile', import.meta.url));

/** Somebody else, in a terminal of his own: each answer is a process `npx guardstile approvals …`. */
export interface Finance {
  /** What waits for an answer. */
  list(): Promise<readonly ApprovalView[]>;
  answer(
    verb: 'approve' | 'deny' | 'edit',
    approval: ApprovalView,
    ...more: string[]
  ): Promise<void>;
}

/** Fay of finance; the server's store and its key are in `folder`, the log of her answers beside. */
export function financeIn(folder: string): Finance {
  const config = join(folder, 'fay.json');
  const keys = join(folder, 'votes.key');
  const places = { store: 'approvals.db', keyFile: 'approvals.key' };
  const log = { audit: 'votes', auditKeyFile: 'votes.key' };
  const voter = { id: 'fay', roles: ['finance'], tenant: 'acme' };
  if (!existsSync(keys)) writeFileSync(keys, randomBytes(32).toString('hex'), { mode: 0o600 });
  writeFileSync(config, JSON.stringify({ voter, ...places, ...log }), { mode: 0o600 });

  async function approvals(...args: readonly string[]): Promise<string> {
    const given = [guardstile, 'approvals', ...args, '--config', config];
    const { stdout } = await promisify(execFile)(process.execPath, given);
    return stdout.trim();
  }

  return {
    async list() {
      const lines = (await approvals('list', '--json')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as ApprovalView); // one in each
    },
    async answer(verb, { aid, bindings }, ...more) {
      // In a terminal she is shown the call and asked; a script says what it has looked at.
      const said = await approvals(verb, aid, '--digest', bindings.digest, ...more);
      console.log(
        `  $ guardstile approvals ${verb} ${aid.slice(0, 10)}… ${more.join(' ')}\n    ${said}`,
      );
    },
  };
}
