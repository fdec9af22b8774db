// From a log to a policy: learn what was done, review it, test it, and compare it with what was
// recorded before it is used. The same from a shell: `guardstile policy learn`, `check` and `diff`.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard, type PolicyFunction } from '@guardstile/core';
import { createAuditKeys, fileAudit } from '@guardstile/ai-sdk/node';
import { checkPolicyFile, comparePolicies, learnPolicy } from '@guardstile/policy-file';

// A week of a support agent under a policy in code, on disk.
const folder = mkdtempSync(join(tmpdir(), 'guardstile-learn-'));
const audit = fileAudit(folder, createAuditKeys());
const inCode: PolicyFunction = ({ tool, args }) => {
  if (tool.name === 'read_order') return 'allow';
  const { amount = 0 } = args as { readonly amount?: number };
  return amount > 500 ? { effect: 'deny', reason: 'too much' } : 'allow';
};
const guard = createGuard({ policy: inCode, audit, context: { principal: { id: 'ann' } } });
for (let id = 1; id <= 20; id += 1) {
  await guard.call({ tool: 'read_order', args: { id } }, () => 'delivered');
}
for (const amount of [40, 90, 700]) {
  await guard
    .call({ tool: 'refund', args: { amount, currency: 'EUR' } }, () => 'refunded')
    .catch(() => undefined);
}
const entries = audit.query();
await guard.close();

// Learn: only what is stated to be harmless runs without a person.
const { text } = await learnPolicy(() => entries, { facts: { read_order: 'readOnly' } });
console.log(text);

// Review: somebody says who agrees to refunds, and writes down what has to stay so.
const reviewed = `${text.replace('role:FILL-IN', 'role:finance')}
tests:
  - { call: read_order, args: { id: 7 }, expect: allow }
  - { call: refund, args: { amount: 60, currency: EUR }, expect: ask }
  - { call: refund, args: { amount: 700, currency: EUR }, expect: deny }
`;

// Test.
const policy = { text: reviewed, name: 'support.yaml' };
const { errors, warnings, tests } = await checkPolicyFile(policy);
assert.deepEqual([errors, warnings], [[], []]);
assert.ok(tests.every(({ passed }) => passed));

// Compare: what would become of the recorded calls, before anybody relies on it.
const before = { text: 'version: 1\ndefault: allow', name: 'before.yaml' };
const { replay } = await comparePolicies(before, policy);
const { calls, same, changed, untold } = await replay(entries);
console.log(`${calls} calls, ${same} the same, ${untold.length} cannot be told`);
for (const { tool, before: was, after, calls: count } of changed) {
  console.log(`${tool}: ${was.effect} → ${after.effect} (${count})`);
}
assert.deepEqual(
  changed.map(({ tool, after, calls: count }) => [tool, after.effect, count]),
  [
    ['refund', 'ask', 2],
    ['refund', 'deny', 1],
  ],
);
rmSync(folder, { recursive: true });
