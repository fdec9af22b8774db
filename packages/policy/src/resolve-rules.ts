import type { ToolInfo } from '@guardstile/core';

import type { ReadDocument } from './read-document.ts';
import type { Rule } from './rule.ts';
import { toolFlow } from './flow/tool-flow.ts';
import { capabilitySource, defaultSource, listSources, modeSource } from './sources.ts';
import { isPattern, matchesPattern } from './tool-pattern.ts';
import type { ToolRules } from './verdict.ts';

/** Finds the rules about a tool without looking at all of them. */
export function ruleResolver(read: ReadDocument): (tool: ToolInfo) => ToolRules {
  const byName = new Map<string, Rule[]>();
  const byPattern: Rule[] = [];
  for (const rule of read.rules) {
    if (rule.tools.some(isPattern)) byPattern.push(rule);
    else for (const name of new Set(rule.tools)) addTo(byName, name, rule);
  }
  return (tool) => {
    const { name, source } = tool.identity;
    const patterned = byPattern.filter(({ tools }) =>
      tools.some((one) => matchesPattern(name, one)),
    );
    const about = [...(byName.get(name) ?? []), ...patterned]
      .filter((rule) => rule.source === undefined || rule.source === source)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const enforced = about.filter(({ shadow }) => !shadow);
    return {
      ...ruleKinds(enforced),
      layer: read.layer,
      neverAsks: read.mode === 'dontAsk',
      shadows: about.filter(({ shadow }) => shadow),
      sources: [
        ...listSources(read.lists, tool),
        ...(read.default === undefined ? [] : defaultSource(read.default)),
        ...(read.mode === undefined ? [] : modeSource(read.mode, tool)),
        ...(read.capabilities === undefined ? [] : capabilitySource(read.capabilities, tool)),
      ],
      flow: read.flow === undefined ? undefined : toolFlow(read.flow, tool),
    };
  };
}

function addTo(byName: Map<string, Rule[]>, name: string, rule: Rule): void {
  const rules = byName.get(name);
  if (rules === undefined) byName.set(name, [rule]);
  else rules.push(rule);
}

type Kinds = Pick<ToolRules, 'denies' | 'asks' | 'allows' | 'demanding'>;

function ruleKinds(rules: readonly Rule[]): Kinds {
  return {
    denies: rules.filter(({ effect }) => effect === 'deny'),
    asks: rules.filter(({ requirements }) => requirements !== undefined),
    allows: rules.filter(({ effect }) => effect === 'allow'),
    demanding: rules.filter(({ demands }) => demands !== undefined),
  };
}

/** The same as if one of the shadow rules were enforced. */
export function enforcing(rules: ToolRules, shadow: Rule): ToolRules {
  const inOrder = (list: readonly Rule[]): readonly Rule[] =>
    [...list, shadow].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    ...rules,
    denies: shadow.effect === 'deny' ? inOrder(rules.denies) : rules.denies,
    asks: shadow.requirements === undefined ? rules.asks : inOrder(rules.asks),
    allows: shadow.effect === 'allow' ? inOrder(rules.allows) : rules.allows,
    demanding: shadow.demands === undefined ? rules.demanding : inOrder(rules.demanding),
  };
}
