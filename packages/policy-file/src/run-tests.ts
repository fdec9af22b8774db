import type { CallContext, Decision, Effect, FlowView } from '@guardstile/core';
import type { Explanation, RulePolicy } from '@guardstile/policy';

import type { PolicyFileIssue } from './file-issue.ts';
import type { PolicyTest } from './policy-file-document.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { callOf, seenFlow, toolNamed } from './seen-flow.ts';
import type { StatedFacts } from './with-facts.ts';

/** What became of one test of a file. */
export interface PolicyTestResult {
  /** Its own name, or the call and what is expected. */
  readonly name: string;
  readonly passed: boolean;
  readonly expected: { readonly effect: Effect | 'none'; readonly rule: string | undefined };
  readonly decided: { readonly effect: Effect | 'none'; readonly rule: string | undefined };
  /** Why it was decided so. */
  readonly explanation: Explanation;
  /** Where the test is, with what is wrong where it failed. */
  readonly at: PolicyFileIssue;
}

/** Decides the calls that the tests of a file name, as the guard would. */
export async function runTests(
  file: ReadPolicyFile,
  policy: RulePolicy,
): Promise<readonly PolicyTestResult[]> {
  const results: PolicyTestResult[] = [];
  for (const [i, test] of (file.document.tests ?? []).entries()) {
    const facts = file.document.facts ?? {};
    const flow = await seenFlow(policy, test.seen ?? [], { context: contextOf(test), facts });
    const decided = await decide(test, policy, facts, flow);
    const expected = { effect: test.expect, rule: test.rule };
    const passed =
      decided.effect === test.expect && (test.rule === undefined || decided.rule === test.rule);
    const name = test.name ?? `${test.call} ${JSON.stringify(test.args ?? {})}: ${test.expect}`;
    const message = passed ? name : `${name}: ${difference(expected, decided)}`;
    results.push({
      name,
      passed,
      expected,
      decided,
      explanation: policy.explain({ ...explained(test), flow }),
      at: file.issueAt(['tests', i, 'expect'], message),
    });
  }
  return results;
}

function difference(
  expected: PolicyTestResult['expected'],
  decided: PolicyTestResult['decided'],
): string {
  const said = ({ effect, rule }: PolicyTestResult['expected']): string =>
    rule === undefined ? effect : `${effect} by ${rule}`;
  return `expected ${said(expected)}, decided ${said(decided)}`;
}

async function decide(
  test: PolicyTest,
  policy: RulePolicy,
  facts: StatedFacts,
  flow: FlowView,
): Promise<PolicyTestResult['decided']> {
  const tool = toolNamed(test.call, test.source, facts);
  const ruling = policy.resolve(tool);
  const opinion: Decision | undefined = await (typeof ruling === 'function'
    ? ruling({ ...callOf(tool, test.args), flow }, contextOf(test))
    : ruling);
  return { effect: opinion?.effect ?? 'none', rule: opinion?.rule };
}

function explained(test: PolicyTest): Parameters<RulePolicy['explain']>[0] {
  const { call, source, args = {} } = test;
  return {
    tool: call,
    args,
    context: contextOf(test),
    ...(source === undefined ? {} : { source }),
  };
}

/** The context of a call that somebody makes. */
export function contextOf({ as = {} }: Pick<PolicyTest, 'as'>): CallContext {
  const { id, role, tenant, agent } = as;
  const roles = role === undefined ? undefined : typeof role === 'string' ? [role] : role;
  const nobody = id === undefined && roles === undefined && tenant === undefined;
  return {
    ...(nobody
      ? {}
      : {
          principal: {
            id: id ?? 'somebody',
            ...(roles === undefined ? {} : { roles }),
            ...(tenant === undefined ? {} : { tenant }),
          },
        }),
    ...(agent === undefined ? {} : { agent }),
  };
}
