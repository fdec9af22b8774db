import { strict as assert } from 'node:assert';

import { opaPolicy, type PolicyClient } from '@ai-sdk/policy-opa';
import { withGuard } from '@guardstile/ai-sdk';
import { createGuard, type Guard, memoryAudit } from '@guardstile/core';
import { tool } from 'ai';
import * as z from 'zod';

import { compare, type Comparison, type Group, type Target, times } from './figures.ts';
import { type Asking, forget, generate, refundingModel } from './generate-text.ts';
import { measure, type Plan, type Variant } from './harness.ts';
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
export async function generateTextRows(plan: Plan): Promise<Group> {
  const rounds = await measure(await variants(), plan);
  return {
    title: 'AI SDK: one generateText with one tool call and a mock model, ÷ the same without a guard',
    notes: [
      'two steps: the model calls the tool, then answers; a sample is one generateText',
      'the guard is that of the core rows: policy, two asynchronous hooks, two listeners',
      '"approver": somebody in the process could be asked, so that the SDK asks nobody (no needsApproval)',
      '"no approver": the SDK asks through needsApproval, so that every call is decided twice',
      '"policy only": the policy alone, as policy-opa has it; no hooks, no listeners',
      'policy-opa: opaPolicy() with an in-process client that checks the same three conditions',
      'the audit log is memoryAudit() as it is by default: sealed at each entry',
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
  { what: 'audit off, approver ÷ policy-opa', of: 'guard, approver', over: 'policy-opa', targets: belowOpa },
  { what: 'audit off, no approver ÷ policy-opa', of: 'guard', over: 'policy-opa', targets: belowOpa },
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
  {
    what: `withGuard(${TOOLS} tools, guard.with(context)) ÷ one generateText`,
    of: 'withGuard',
    over: 'bare',
    targets: [p50(1)],
  },
];

const inputSchema = z.object({
  orderId: z.string(),
  amount: z.number(),
  currency: z.string(),
  note: z.string(),
  items: z.array(z.string()),
});

const tools = {
  refund: tool({ description: 'Refunds an order.', inputSchema, execute: (args) => refund(args) }),
};

async function variants(): Promise<readonly Variant[]> {
  const audited = (): { readonly audit: ReturnType<typeof memoryAudit> } => ({ audit: memoryAudit() });
  return [
    await generating('bare', () => tools),
    await generating('policy-opa', () => tools, { toolApproval: opaPolicy({ client, path: 'agent/call' }) }),
    await generating('guard, approver', (heard) => withGuard(tools, wholeGuard({ audit: false, approver }, heard))),
    await generating('guard', (heard) => withGuard(tools, wholeGuard({ audit: false }, heard))),
    await generating('policy only, approver', () => withGuard(tools, policyOnly({ approver }))),
    await generating('policy only', () => withGuard(tools, policyOnly({}))),
    await generating('audited, approver', (heard) => withGuard(tools, wholeGuard({ ...audited(), approver }, heard))),
    await generating('audited', (heard) => withGuard(tools, wholeGuard(audited(), heard))),
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
    const decision = failed === undefined ? { decision: 'allow' } : { decision: 'deny', reason: failed };
    return decision as never; // the caller says which type it expects
  },
};

/** A conversation that was seen to end well, with the tool run behind what is measured. */
async function generating(
  name: string,
  guard: (heard: Heard) => typeof tools,
  asking: Asking = {},
): Promise<Variant> {
  const heard: Heard = { count: 0, last: undefined };
  const model = refundingModel(refundArgs);
  const guarded = guard(heard);
  assert.equal(await generate(model, guarded, asking), 'done');
  assert.equal(model.doGenerateCalls.length, 2);
  assert.ok(JSON.stringify(model.doGenerateCalls[1]?.prompt).includes('{"refunded":true}'));
  return {
    name,
    iterations: 1,
    run: () => generate(model, guarded, asking),
    between: () => forget(model),
  };
}

function wrapping(): Variant {
  const many = Object.fromEntries(
    Array.from({ length: TOOLS }, (_, i) => [
      `refund${i}`,
      tool({ description: `Refunds an order of shop ${i}.`, inputSchema, execute: (args) => refund(args) }),
    ]),
  );
  const guard = wholeGuard({});
  let requests = 0;
  return {
    name: 'withGuard',
    iterations: 1,
    run: () => {
      requests += 1;
      return withGuard(many, guard.with({ principal: { id: `u-${requests}` }, session: `s-${requests}` }));
    },
  };
}
