import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { type AuditEntry, createGuard, memoryAudit } from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { workspaceRoot } from '../../../../test/support/workspace-root.ts';
import { checkPolicyFile } from '../check-policy-file.ts';
import { loadPolicy } from '../load-policy.ts';
import { comparePolicies } from './compare-policies.ts';
import { learnPolicy } from './learn-policy.ts';

const data = join(workspaceRoot, '../shared/data/agentdojo-recorded-benign.jsonl.gz');

const traceSchema = z.object({
  suite: z.string(),
  steps: z.array(z.object({ tool: z.string(), args: z.record(z.string(), z.unknown()) })),
});

const READS = [
  'get_iban',
  'get_balance',
  'get_most_recent_transactions',
  'get_scheduled_transactions',
  'get_user_info',
  'read_file',
] as const;

/** The bank's assistant at work under the example policy, with a user who agrees to everything. */
async function recordedDays(): Promise<readonly AuditEntry[]> {
  const audit = memoryAudit({ capacity: 100_000 });
  const guard = createGuard({
    policy: loadPolicy(join(workspaceRoot, 'examples/policies/banking.yaml'), {
      sets: { payees: [] },
    }),
    audit,
    approver: () => 'approve',
    context: { principal: { id: 'ann' } },
  });
  const lines = gunzipSync(readFileSync(data)).toString().trim().split('\n');
  const traces = lines.map((line) => traceSchema.parse(JSON.parse(line)));
  for (const { tool, args } of traces
    .filter(({ suite }) => suite === 'banking')
    .flatMap(({ steps }) => steps)) {
    await guard.call({ tool, args }, () => 'done').catch(() => undefined);
  }
  await guard.close();
  return audit.query();
}

describe('a policy learned from recorded runs of a model', () => {
  it.skipIf(!existsSync(data))(
    'lets the reads run that ran, and nothing else without a person (skipped without ../shared/data)',
    async () => {
      const entries = await recordedDays();
      const facts = Object.fromEntries(READS.map((name) => [name, 'readOnly'] as const));
      const { text, calls, allows } = await learnPolicy(() => entries, { facts });
      expect(calls).toBeGreaterThan(100);
      expect(allows).toBeGreaterThan(3);
      const learned = { text, name: 'learned.yaml' };
      const { errors, warnings } = await checkPolicyFile(learned);
      expect([errors, warnings]).toEqual([[], []]);
      const nothing = { text: 'version: 1\ndefault: deny', name: 'nothing.yaml' };
      const { changed, untold } = await (await comparePolicies(nothing, learned)).replay(entries);
      expect(untold).toEqual([]);
      const ran = new Map<string, number>();
      for (const { kind, action, tool = '' } of entries) {
        if (kind === 'decision' && action === 'tool.allow') ran.set(tool, (ran.get(tool) ?? 0) + 1);
      }
      for (const name of READS) {
        const now = changed.filter(({ tool, after }) => tool === name && after.effect === 'allow');
        expect([name, now.reduce((sum, one) => sum + one.calls, 0)]).toEqual([
          name,
          ran.get(name) ?? 0,
        ]);
      }
      const harmful = changed.filter(({ tool }) => !READS.some((name) => name === tool));
      expect(harmful.length).toBeGreaterThan(0);
      expect(harmful.filter(({ after }) => after.effect !== 'ask')).toEqual([]);
    },
  );
});
