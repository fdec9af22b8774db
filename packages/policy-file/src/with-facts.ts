import { type Fact, factsOf, type ToolFacts, type ToolInfo } from '@guardstile/core';
import type { RulePolicy } from '@guardstile/policy';

import { derivedDigest } from './derived-digest.ts';

/** What a file states of the application's own tools. */
export type StatedFacts = Readonly<Record<string, Fact | readonly Fact[]>>;

/** The same policy, which knows the tools by what the file states of them as well. */
export function withFacts(policy: RulePolicy, facts: StatedFacts): RulePolicy {
  if (Object.keys(facts).length === 0) return policy;
  return {
    ...policy,
    digest: derivedDigest(policy, { kind: 'facts', facts }),
    resolve: (tool) => policy.resolve(stated(tool, facts)),
    labelsOf: (tool, context) => policy.labelsOf(stated(tool, facts), context),
    explain(call) {
      const own =
        call.source === undefined || call.source === 'app' ? factOf(facts, call.tool) : [];
      return policy.explain({ ...call, facts: [...own, ...list(call.facts)] });
    },
  };
}

function list(facts: Fact | readonly Fact[] | undefined): readonly Fact[] {
  if (facts === undefined) return [];
  return typeof facts === 'string' ? [facts] : facts;
}

function factOf(facts: StatedFacts, name: string): readonly Fact[] {
  return Object.hasOwn(facts, name) ? list(facts[name]) : [];
}

function stated(tool: ToolInfo, facts: StatedFacts): ToolInfo {
  const { source, name } = tool.identity;
  const own = factOf(facts, name);
  // Whoever makes a remote tool chooses its name.
  if (source !== 'app' || own.length === 0) return tool;
  return { ...tool, facts: joined(factsOf(name, { stated: own }), tool.facts, name) };
}

const RISK: readonly ToolFacts['effect'][] = [
  'readOnly',
  'nonDestructive',
  'edit',
  'destructive',
  'unknown',
];

/** Where the code states something too, the worse of both; what a name suggests is no statement. */
function joined(file: ToolFacts, code: ToolFacts, name: string): ToolFacts {
  const guessed = factsOf(name, {});
  if (code.effect === 'unknown' || JSON.stringify(code) === JSON.stringify(guessed)) return file;
  const worse = RISK.indexOf(code.effect) > RISK.indexOf(file.effect) ? code : file;
  return {
    effect: worse.effect,
    why: worse.why,
    money: file.money || code.money,
    capabilities: [...new Set([...file.capabilities, ...code.capabilities])],
  };
}
