import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect } from 'vitest';

import { itWhere } from '../faults/it-where.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { recoveryCost } from './audit-recovery.ts';

/** Reads come in pieces of this size. */
const CHUNK = 1 << 20;

describe('opening a log again', () => {
  // In full: node test/bench/audit-scale.ts
  itWhere(existsSync('/proc/self/io'), 'a system that counts reads')(
    'reads what is behind its last checkpoint, however large it is',
    async () => {
      const path = join(temporaryDirectory(), 'log');
      const cost = await recoveryCost(path, { entries: 4000, behind: 20, pad: 4000 });
      expect(cost.log).toBeGreaterThan(15 * CHUNK);
      expect(cost.read).toBeGreaterThan(cost.behind);
      expect(cost.read).toBeLessThan(cost.behind + CHUNK);
    },
    60_000,
  );
});
