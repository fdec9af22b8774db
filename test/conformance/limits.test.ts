import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { memoryLimits } from '@guardstile/core';
import { sqliteLimits } from '@guardstile/limits';
import { afterAll } from 'vitest';

import { testLimits } from './limits.ts';

// Whether they wait for the disk is tested elsewhere; here they need not.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'guardstile-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

testLimits({ name: 'memoryLimits', open: memoryLimits, runs: 500 });

testLimits({
  name: 'sqliteLimits',
  open: (options) => sqliteLimits(join(folder, `${(files += 1)}.db`), options),
  runs: 100,
});
