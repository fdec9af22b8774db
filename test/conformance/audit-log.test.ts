import { join } from 'node:path';

import { createAuditKeys, fileAudit, sqliteAudit } from '@guardstile/audit';
import { memoryAudit } from '@guardstile/core';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { testAuditLog } from './audit-log.ts';

const { key, signingKey } = createAuditKeys();
/** A busy machine is no reason to give up. */
const patient = { key, signingKey, deadlineMs: 60_000 };

testAuditLog({ name: 'memory', key, open: (options) => memoryAudit({ key, ...options }) });
testAuditLog({
  name: 'file',
  key,
  open: (options) => fileAudit(temporaryDirectory(), { ...patient, ...options }),
});
testAuditLog({
  name: 'sqlite',
  key,
  open: (options) =>
    sqliteAudit(join(temporaryDirectory(), 'audit.db'), { ...patient, ...options }),
});
