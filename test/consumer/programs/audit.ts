import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAuditKeys, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';
import { allowAll, createGuard } from '@guardstile/core';

const directory = mkdtempSync(join(tmpdir(), 'guardstile-consumer-audit-'));
const keys = createAuditKeys();
try {
  for (const audit of [
    fileAudit(join(directory, 'log'), keys),
    sqliteAudit(join(directory, 'log.db'), keys),
  ]) {
    const guard = createGuard({ policy: allowAll(), audit });
    await guard.call({ tool: 'add', args: {} }, () => 1);
    await guard.close();
    const { outcome, entries } = verifyLog(audit.path, { key: keys.key });
    if (outcome !== 'unproven' || entries !== 4) throw new Error(`${outcome}, ${entries} entries`);
  }
} finally {
  rmSync(directory, { recursive: true });
}

/** Never called: what the compiler has to refuse. */
export function wrongUses(): void {
  // @ts-expect-error no key
  fileAudit(directory, {});
}

console.log('audit ok');
