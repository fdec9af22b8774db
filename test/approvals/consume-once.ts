// Consumes one approval, and says before and after that it does, in calls that a trace shows.
import { writeSync } from 'node:fs';

import { sqliteApprovals } from '@guardstile/approvals';
import { isGuardError } from '@guardstile/core';

import { BINDINGS } from './draft.ts';

const [path = '', key = ''] = process.argv.slice(2);
try {
  const approvals = sqliteApprovals(path, { key: Buffer.from(key, 'hex') });
  writeSync(1, 'consuming\n');
  const { ok } = await approvals.consume('a', 'first claim', BINDINGS);
  writeSync(1, ok ? 'granted\n' : 'refused\n');
  approvals.close();
} catch (error) {
  if (!isGuardError(error)) throw error;
  writeSync(1, `${error.code}\n`);
}
