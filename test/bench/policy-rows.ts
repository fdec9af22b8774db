import { strict as assert } from 'node:assert';

import { opaPolicy, type PolicyClient } from '@ai-sdk/policy-opa';
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { factsOf, type Opinion, type ToolCall, type ToolInfo } from '@guardstile/core';
import { compilePolicy, type PolicyDocument, type RuleDocument } from '@guardstile/policy';
import { parse, stringify } from 'yaml';

import { compare, type Group, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import {
  failedCondition,
  firstHook,
  refund,
  type Refund,
  refundArgs,
  secondHook,
} from './refund.ts';

/** Decisions per sample: enough for a sample to be far above the resolution of the clock. */
const CALLS = 256;

const identity = { source: 'app', name: 'refund' };
const facts = factsOf('refund', {});
const info: ToolInfo = { identity, facts };
const call: ToolCall = {
  rid: 'r',
  id: 'c',
  tool: identity,
  facts,
  args: refundArgs,
  confined: refundArgs,
  labels: [],
};

/** Three rules about the tool, five conditions, all of them evaluated. */
const refundRules: readonly RuleDocument[] = [
  { id: 'never', effect: 'deny', tool: 'refund', where: { amount: { gt: 5000 } } },
  {
    id: 'large',
    effect: 'ask',
    tool: 'refund',
    where: { currency: 'EUR', amount: { gt: 500 } },
    approve: { by: 'role:finance' },
  },
  {
    id: 'refunds',
    effect: 'allow',
    tool: 'refund',
    where: { orderId: { startsWith: 'o-' }, items: { every: { exists: true } } },
  },
];

/** What a large organisation writes: rules about other tools, one in ten of them by pattern. */
function documentOf(rules: number): PolicyDocument {
  const others = Array.from({ length: rules - refundRules.length }, (_, i): RuleDocument => {
    const pattern = i % 10 === 0 ? '_*' : '_get';
    return {
      id: `other.${i}`,
      effect: i % 3 === 0 ? 'deny' : 'allow',
      tool: `service${i % 500}${pattern}`,
      where: { amount: { lte: i }, currency: { in: ['EUR', 'USD'] }, region: 'eu' },
      reason: `rule ${i} of a large organisation`,
    };
  });
  return { rules: [...refundRules, ...others] };
}

function decider(rules: number): () => Opinion {
  const ruling = compilePolicy(documentOf(rules)).resolve(info);
  assert(typeof ruling === 'function');
  const context = {};
  const decide = (): Opinion => ruling(call, context) as Opinion; // rules decide at once
  assert.equal(decide()?.effect, 'allow');
  assert.equal(decide()?.rule, 'refunds');
  return decide;
}

/** The same decision in Cedar, its ten policies parsed before. */
function cedar(): () => unknown {
  const others = Array.from(
    { length: 7 },
    (_, i) => `permit(principal, action == Action::"other${i}", resource);`,
  );
  const staticPolicies = `
    forbid(principal, action == Action::"refund", resource) when { context.cents > 500000 };
    forbid(principal, action == Action::"refund", resource) when { context.currency == "EUR" && context.cents > 50000 };
    permit(principal, action == Action::"refund", resource) when { context.orderId like "o-*" && context.items.contains("LAMP-04") };
    ${others.join('\n')}`;
  assert.equal(preparsePolicySet('bench', { staticPolicies }).type, 'success');
  const { amount, ...rest } = refundArgs;
  const context = { ...rest, cents: Math.round(amount * 100), items: [...refundArgs.items] };
  const decide = (): ReturnType<typeof statefulIsAuthorized> =>
    statefulIsAuthorized({
      principal: { type: 'User', id: 'u-17' },
      action: { type: 'Action', id: 'refund' },
      resource: { type: 'Tool', id: 'refund' },
      context,
      preparsedPolicySetId: 'bench',
      entities: [],
    });
  const answer = decide();
  assert(answer.type === 'success' && answer.response.decision === 'allow');
  return decide;
}

/** policy-opa's callback with a client that decides in JavaScript, so without any engine. */
async function opa(): Promise<() => unknown> {
  const client: PolicyClient = {
    async evaluate(_path, input) {
      const failed = failedCondition((input as { readonly args: Refund }).args);
      const decision =
        failed === undefined ? { decision: 'allow' } : { decision: 'deny', reason: failed };
      return decision as never; // the caller says which type it expects
    },
  };
  const approve = opaPolicy({ client, path: 'agent/call' }) as (options: unknown) => unknown;
  const options = {
    toolCall: { type: 'tool-call', toolCallId: 'c', toolName: 'refund', input: refundArgs },
    messages: [],
    tools: {},
    toolsContext: {},
    runtimeContext: {},
  };
  const decide = (): unknown => approve(options);
  assert.deepEqual(await decide(), { type: 'approved' });
  return decide;
}

/** The floor of the core's rows: hooks and tool by hand. */
async function byHand(args: object): Promise<unknown> {
  await firstHook();
  await secondHook();
  return await refund(args);
}

async function wrapper(args: object): Promise<unknown> {
  return await refund(args);
}

/** Rules: one decision, over what surrounds it, and over others. */
export async function policyRows({ core }: BenchPlan): Promise<Group> {
  const yaml = stringify(documentOf(10_000));
  const document = parse(yaml) as PolicyDocument; // what was written right above
  const variants: readonly Variant[] = [
    { name: 'floor', iterations: CALLS, run: () => byHand(refundArgs) },
    { name: 'wrapper', iterations: CALLS, run: () => wrapper(refundArgs) },
    { name: '10 rules', iterations: CALLS, run: decider(10) },
    { name: '10,000 rules', iterations: CALLS, run: decider(10_000) },
    { name: 'cedar', iterations: 4, run: cedar() },
    { name: 'policy-opa', iterations: 32, run: await opa() },
  ];
  const rounds = await measure(variants, core);
  const loading = await measure(
    [
      { name: 'yaml', iterations: 1, run: () => parse(yaml) as unknown },
      { name: 'compile', iterations: 1, run: () => compilePolicy(document) },
    ],
    { ...core, passes: 2, burst: 1, warmupPasses: 1 },
  );
  return {
    title: 'Rules: one decision',
    notes: [
      'three rules about the tool with five conditions, all of them evaluated; the others are about 500 other tools',
      'floor: a hand-written async wrapper that awaits two hooks and the tool; bare: the tool only',
      'Cedar: the same three rules and seven others, parsed before, without entities',
      'policy-opa: its callback with a client that answers at once, so without an engine',
      `10,000 rules as YAML: ${Math.round(yaml.length / 1000)} kB`,
    ],
    rows: [
      ...compare(rounds, [
        {
          what: '10,000 rules, ÷ 10 rules',
          of: '10,000 rules',
          over: '10 rules',
          targets: [{ statistic: 'p50', limit: 1.2 }],
        },
        {
          what: '10,000 rules, ÷ the floor of the core',
          of: '10,000 rules',
          over: 'floor',
          targets: [{ statistic: 'p50', limit: 2 }],
        },
        { what: '10,000 rules, ÷ a bare async wrapper', of: '10,000 rules', over: 'wrapper' },
        {
          what: "10,000 rules, ÷ Cedar's wasm",
          of: '10,000 rules',
          over: 'cedar',
          targets: [{ statistic: 'p50', limit: 0.01 }],
        },
        {
          what: "10,000 rules, ÷ policy-opa's callback without an engine",
          of: '10,000 rules',
          over: 'policy-opa',
        },
      ]),
      ...compare(loading, [
        {
          what: 'compiling 10,000 rules, ÷ parsing them as YAML',
          of: 'compile',
          over: 'yaml',
          targets: [{ statistic: 'p50', limit: 1, kind: 'below' }],
        },
      ]),
    ],
    times: [...times(rounds), ...times(loading)],
  };
}
