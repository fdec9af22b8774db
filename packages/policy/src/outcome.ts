import {
  combineRequirements,
  type Decision,
  type Digest,
  type Effect,
  type Requirements,
} from '@guardstile/core';

import { CONFIRMED } from './approve.ts';
import { allowed, asked, denied, type Ground } from './decisions.ts';
import { type Demands, NO_DEMANDS } from './demands.ts';
import type { Enforcement } from './document.ts';
import type { Rule } from './rule.ts';
import { effectOf, type ToolRules, type Uncounted, type Verdict } from './verdict.ts';

/** What the verdict of a layer comes to, as much of it as is in force; `undefined` is no opinion. */
export function enforcedEffect(
  verdict: Verdict,
  rules: ToolRules,
  enforcement: Enforcement,
): Effect | undefined {
  if (enforcement === 'shadow') return undefined;
  const effect = effectOf(verdict, rules);
  if (enforcement === 'enforce' || effect === undefined || effect === 'allow') return effect;
  if (isExplicitDenial(verdict)) return 'deny';
  return rules.layer === 'grants' ? 'allow' : undefined;
}

function isExplicitDenial(verdict: Verdict): boolean {
  return verdict.kind === 'rule-denies' || (verdict.kind === 'source-denies' && verdict.explicit);
}

/** The id of the rule that decided, where a rule did. */
export function decidingRule(verdict: Verdict): string | undefined {
  switch (verdict.kind) {
    case 'rule-denies':
    case 'rule-allows':
    case 'uncounted':
      return verdict.rule.id;
    case 'asks':
      return verdict.asks[0]?.id;
    case 'flow-denies':
      return verdict.rule;
    case 'source-denies':
    case 'source-allows':
    case 'nothing-allows':
    case 'no-opinion':
      return undefined;
  }
}

export function requirementsOf(verdict: Verdict): Requirements | undefined {
  if (verdict.kind !== 'asks') return undefined;
  const asks = verdict.asks.flatMap(({ requirements }) => requirements ?? []);
  return combineRequirements(verdict.fallback === undefined ? asks : [...asks, CONFIRMED]);
}

export function reasonOf(verdict: Verdict, { neverAsks }: ToolRules): string {
  switch (verdict.kind) {
    case 'rule-denies':
      if (verdict.evaluated) return verdict.rule.reason ?? 'a rule denies it';
      return `a rule that denies could not be evaluated${because(verdict.rule)}`;
    case 'source-denies':
    case 'source-allows':
    case 'flow-denies':
      return verdict.reason;
    case 'nothing-allows':
      return verdict.asks.length === 0
        ? 'no rule allows it'
        : 'no rule allows it (a rule that asks allows nothing by itself)';
    case 'asks': {
      const reasons = verdict.asks.map(({ reason }) => reason ?? 'a rule asks for approval');
      if (verdict.fallback !== undefined) reasons.push(verdict.fallback);
      const reason = [...new Set(reasons)].join('; ');
      return neverAsks ? `${reason}, and this mode does not ask` : reason;
    }
    case 'rule-allows':
      return verdict.rule.reason ?? 'a rule allows it';
    case 'no-opinion':
      return 'no rule is about it';
    case 'uncounted':
      return `${uncounted(verdict)}${because(verdict.rule)}`;
  }
}

function uncounted({ limit: { id, amount } }: Uncounted): string {
  const field = typeof amount === 'number' ? '' : amount.from;
  return `the limit "${id}" counts "${field}", which has to be a whole number above 0`;
}

function because({ reason }: Rule): string {
  return reason === undefined ? '' : ` (${reason})`;
}

/** What a layer decides. */
export function decisionOf(
  verdict: Verdict,
  rules: ToolRules,
  enforcement: Enforcement,
  policy: Digest,
  demands: Demands = NO_DEMANDS,
): Decision | undefined {
  const effect = enforcedEffect(verdict, rules, enforcement);
  if (effect === undefined && demands === NO_DEMANDS) return undefined;
  const rule = decidingRule(verdict);
  const reason = effect === undefined ? 'nothing here restricts it' : reasonOf(verdict, rules);
  const ground: Ground = { policy, reason, rule };
  if (effect === 'deny') return denied(ground);
  const requirements = requirementsOf(verdict);
  if (effect === 'ask' && requirements !== undefined) return asked(ground, requirements, demands);
  if (effect === undefined || effectOf(verdict, rules) === 'allow') return allowed(ground, demands);
  return allowed({ ...ground, reason: `only observed: ${ground.reason}` }, demands);
}
