import { strict as assert } from 'node:assert';

import type { PolicyClient } from '@ai-sdk/policy-opa';
import { withGuard } from '@guardstile/ai-sdk';
import { createGuard, type Guard, memoryAudit } from '@guardstile/core';
import { tool, type ToolSet } from 'ai';

import { compare, type Comparison, type Group, type Target, times } from './figures.ts';
import {
  forget,
  generate,
  type Generate,
  generateWithOpa,
  inputSchema,
  refundingModel,
  tools,
} from './generate-text.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import {
  failedCondition,
  type Heard,
  type Refund,
  refund,
  refundArgs,
  threeConditions,
  wholeGuard,
} from './refund.ts';

const TOOLS = 300;

const approver = (): 'deny' => 'deny';

/** Rows 3 to 5: the guard around the one tool of a `generateText` loop, and wrapping a tool set. */
export async function generateTextRows({ generateText }: BenchPlan): Promise<Group> {
  const rounds = await measure(await variants(), generateText);
  return {
    title:
      'AI SDK: one generateText with one tool call and a mock model, ÷ the same without a guard',
    notes: [
      'two steps: the model calls the tool, then answers; a sample is one generateText',
      'the guard is that of the core rows: policy, two asynchronous hooks, two listeners',
      '"approver": somebody in the process could be asked, so that the SDK asks nobody (no needsApproval)',
      '"no approver": the SDK asks through needsApproval, so that every call is decided twice',
      '"policy only": the policy alone, as policy-opa has it; no hooks, no listeners',
      'policy-opa: opaPolicy() with an in-process client that checks the same three conditions',
      'audit in memory: memoryAudit() as it is by default; beside it with each way of sealing stated',
    ],
    rows: compare(rounds, comparisons),
    times: times(rounds),
  };
}

const p50 = (limit: number): Target => ({ statistic: 'p50', limit });
const mean = (limit: number): Target => ({ statistic: 'mean', limit });
const belowOpa: readonly Target[] = [{ statistic: 'p50', limit: 1, kind: 'below' }];

const comparisons: readonly Comparison[] = [
  { what: 'audit off, approver', of: 'guard, approver', over: 'bare', targets: [p50(1.05)] },
  { what: 'audit off, no approver', of: 'guard', over: 'bare', targets: [p50(1.05)] },
  { what: 'audit off, approver, policy only', of: 'policy only, approver', over: 'bare' },
  { what: 'audit off, no approver, policy only', of: 'policy only', over: 'bare' },
  { what: "policy-opa's callback", of: 'policy-opa', over: 'bare' },
  {
    what: 'audit off, approver ÷ policy-opa',
    of: 'guard, approver',
    over: 'policy-opa',
    targets: belowOpa,
  },
  {
    what: 'audit off, no approver ÷ policy-opa',
    of: 'guard',
    over: 'policy-opa',
    targets: belowOpa,
  },
  {
    what: 'audit in memory, approver',
    of: 'audited, approver',
    over: 'bare',
    targets: [p50(1.08), mean(1.15)],
  },
  {
    what: 'audit in memory, no approver',
    of: 'audited',
    over: 'bare',
    targets: [p50(1.08), mean(1.15)],
  },
  { what: "audit sealed 'each', approver", of: 'each, approver', over: 'bare' },
  { what: "audit sealed 'batch', approver", of: 'batch, approver', over: 'bare' },
  {
    what: `withGuard(${TOOLS} tools, guard.with(context)) ÷ one generateText`,
    of: 'withGuard',
    over: 'bare',
    targets: [p50(1)],
  },
];

async function variants(): Promise<readonly Variant[]> {
  const each = memoryAudit({ sealing: 'each' });
  const batch = memoryAudit({ sealing: 'batch' });
  return [
    await generating('bare', tools),
    await generating('policy-opa', tools, generateWithOpa(client)),
    await guarded('guard, approver', { audit: false, approver }),
    await guarded('guard', { audit: false }),
    await generating('policy only, approver', withGuard(tools, policyOnly({ approver }))),
    await generating('policy only', withGuard(tools, policyOnly({}))),
    await guarded('audited, approver', { approver }),
    await guarded('audited', {}),
    await guarded('each, approver', { audit: each, approver }),
    await guarded('batch, approver', { audit: batch, approver }),
    wrapping(),
  ];
}

function policyOnly(more: { readonly approver?: typeof approver }): Guard {
  return createGuard({ policy: threeConditions, audit: false, ...more });
}

/** The policy as an engine behind policy-opa's port. */
const client: PolicyClient = {
  async evaluate(_path, input) {
    const failed = failedCondition((input as { readonly args: Refund }).args);
    const decision =
      failed === undefined ? { decision: 'allow' } : { decision: 'deny', reason: failed };
    return decision as never; // the caller says which type it expects
  },
};

async function guarded(name: string, options: Parameters<typeof wholeGuard>[0]): Promise<Variant> {
  const heard: Heard = { count: 0, last: undefined };
  const variant = await generating(name, withGuard(tools, wholeGuard(options, heard)));
  assert.equal(heard.count, 2);
  return variant;
}

/** A conversation that was seen to end well, with the tool run behind what is measured. */
async function generating(
  name: string,
  given: ToolSet,
  converse: Generate = generate,
): Promise<Variant> {
  const model = refundingModel(refundArgs);
  assert.equal(await converse(model, given), 'done');
  assert.equal(model.doGenerateCalls.length, 2);
  assert.ok(JSON.stringify(model.doGenerateCalls[1]?.prompt).includes('{"refunded":true}'));
  return {
    name,
    iterations: 1,
    run: () => converse(model, given),
    between: () => forget(model),
  };
}

function wrapping(): Variant {
  const many = Object.fromEntries(
    Array.from({ length: TOOLS }, (_, i) => [
      `refund${i}`,
      tool({
        description: `Refunds an order of shop ${i}.`,
        inputSchema,
        execute: (args) => refund(args),
      }),
    ]),
  );
  const guard = wholeGuard({});
  let requests = 0;
  return {
    name: 'withGuard',
    iterations: 1,
    run: () => {
      requests += 1;
      return withGuard(
        many,
        guard.with({ principal: { id: `u-${requests}` }, session: `s-${requests}` }),
      );
    },
  };
}
