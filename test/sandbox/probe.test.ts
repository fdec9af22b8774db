import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { README, withTable } from './probe-section.ts';
import { probeTable, probeTiers } from './probe-table.ts';
import { itWithOs } from './support/where.ts';

itWithOs('the README says of each tier what a probe can do in it', async () => {
  expect(withTable(probeTable(await probeTiers()))).toBe(readFileSync(README, 'utf8'));
});
