import { type Decision, factsOf, type ToolInfo } from '@guardstile/core';
import { matchesPattern, type RulePolicy } from '@guardstile/policy';

import { isRecord } from './json-schema-of.ts';
import type { StatedFacts } from './with-facts.ts';

/**
 * Why a rule never decides any call of the tools it is about, where that is so. The policy itself is
 * asked: it knows the tools for which it says the same of every call.
 */
export function neverDecides(
  rule: unknown,
  names: readonly string[],
  policy: RulePolicy,
  facts: StatedFacts,
): string | undefined {
  if (!isRecord(rule) || rule['mode'] === 'shadow' || names.length === 0) return undefined;
  const source = typeof rule['source'] === 'string' ? rule['source'] : 'app';
  const instead = names.map((name) =>
    otherVerdict(rule['id'], toolOf(name, source, facts), policy),
  );
  const [first] = instead;
  if (first === undefined || instead.some((one) => one === undefined)) return undefined;
  return `it never decides: what it is about is always denied (${first.reason})`;
}

/** Another rule that allows everything that a rule allows; of two that allow the same, the first. */
export function allowedAnyway(
  rules: readonly unknown[],
  i: number,
  names: readonly string[],
): string | undefined {
  const rule = rules[i];
  if (!isRecord(rule) || !isPlainAllow(rule) || names.length === 0) return undefined;
  const other = rules.find(
    (one, j) =>
      j !== i &&
      isRecord(one) &&
      isPlainAllow(one) &&
      one['where'] === undefined &&
      one['who'] === undefined &&
      one['source'] === rule['source'] &&
      (j < i || rule['where'] !== undefined || rule['who'] !== undefined) &&
      names.every((name) => patternsOf(one).some((pattern) => matchesPattern(name, pattern))),
  );
  return isRecord(other)
    ? `it never decides: "${String(other['id'])}" allows what it is about anyway`
    : undefined;
}

function isPlainAllow(rule: Readonly<Record<string, unknown>>): boolean {
  return rule['effect'] === 'allow' && rule['approve'] === undefined && rule['mode'] !== 'shadow';
}

function patternsOf({ tool }: Readonly<Record<string, unknown>>): readonly string[] {
  return (Array.isArray(tool) ? tool : [tool]).map(String);
}

function otherVerdict(id: unknown, tool: ToolInfo, policy: RulePolicy): Decision | undefined {
  const ruling = policy.resolve(tool);
  return typeof ruling === 'object' && ruling.effect === 'deny' && ruling.rule !== id
    ? ruling
    : undefined;
}

function toolOf(name: string, source: string, facts: StatedFacts): ToolInfo {
  const stated = source === 'app' && Object.hasOwn(facts, name) ? facts[name] : undefined;
  return { identity: { source, name }, facts: factsOf(name, { stated }) };
}
