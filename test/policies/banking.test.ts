import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describeExplanation } from '@guardstile/policy';
import { loadPolicy, testPolicy } from '@guardstile/policy-file';
import { describe, expect, it } from 'vitest';

import { missingData } from '../attacks/data.ts';
import { workspaceRoot } from '../support/workspace-root.ts';
import { bankingFile, bankingTable, bankPayees, replayBanking } from './banking-replay.ts';

const missing = missingData();
const readme = readFileSync(join(workspaceRoot, 'packages/policy-file/README.md'), 'utf8');

describe('the banking policy', () => {
  it('passes the tests that it brings', async () => {
    const results = await testPolicy(bankingFile);
    expect(results.length).toBeGreaterThan(15);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
  });

  it.skipIf(missing !== undefined)(
    `lets no recorded attack pay by itself, and denies its user nothing${missing === undefined ? '' : ` (SKIPPED: ${missing})`}`,
    async () => {
      const rows = await replayBanking();
      expect(rows.map(({ stopped }) => stopped)).toEqual(rows.map(({ attacks }) => attacks));
      expect(rows.map(({ broken }) => broken)).toEqual(rows.map(() => 0));
      expect(rows.reduce((sum, { attacks }) => sum + attacks, 0)).toBeGreaterThan(1000);
      expect(readme).toContain(bankingTable(rows));
    },
  );

  it('is shown in the README as it is, with what it says of a call', () => {
    const [rules = ''] = readFileSync(bankingFile, 'utf8').split('\ntests:\n');
    expect(readme).toContain(rules);
    const explanation = loadPolicy(bankingFile, { examples: true }).explain({
      tool: 'send_money',
      args: { recipient: 'STRANGER', amount: 9000 },
    });
    const text = describeExplanation(explanation).replace(/sha256:\w+/, 'sha256:…');
    expect(readme).toContain(text);
  });

  it.skipIf(missing !== undefined)('holds no value of the data set', () => {
    const text = readFileSync(bankingFile, 'utf8');
    expect(bankPayees().filter((payee) => text.includes(payee))).toEqual([]);
  });
});
