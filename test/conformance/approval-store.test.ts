import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteApprovals } from '@guardstile/approvals';
import { memoryApprovals } from '@guardstile/core';
import { afterAll } from 'vitest';

import { memoryKeyValue } from '../../examples/src/support/key-value.ts';
import { kvApprovals } from '../../examples/src/support/kv-approvals.ts';
import { sqliteKeyValue } from '../../examples/src/support/sqlite-key-value.ts';
import { testApprovalStore } from './approval-store.ts';

// Whether they wait for the disk is tested elsewhere; here they need not.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'guardstile-'));
let files = 0;
const nextPath = (): string => join(folder, `${(files += 1)}.db`);
const key = randomBytes(32);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

testApprovalStore({
  name: 'memoryApprovals',
  open: memoryApprovals,
  keepsArgs: true,
  subscribes: true,
  runs: 100,
});

for (const args of ['encrypted', 'resupplied'] as const) {
  testApprovalStore({
    name: `sqliteApprovals, args ${args}`,
    open: (options) => sqliteApprovals(nextPath(), { ...options, key, args }),
    keepsArgs: args === 'encrypted',
    subscribes: true,
    runs: 60,
  });
}

testApprovalStore({
  name: 'kvApprovals in memory',
  open: (options) => kvApprovals(memoryKeyValue(), { ...options, key }),
  keepsArgs: true,
  subscribes: false,
  runs: 100,
});

testApprovalStore({
  name: 'kvApprovals in a file',
  open(options) {
    const kv = sqliteKeyValue(nextPath());
    return { ...kvApprovals(kv, { ...options, key }), close: kv.close };
  },
  keepsArgs: true,
  subscribes: false,
  runs: 30,
});
