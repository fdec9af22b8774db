import type {
  CallContext,
  Conditions,
  Digest,
  Effect,
  LimitClaim,
  Obligation,
  Place,
  Requirements,
  ToolCall,
} from '@guardstile/core';

import type { FlowFinding } from '@guardstile/data-flow';

import { readField } from './conditions/check.ts';
import { describeValue } from './describe-value.ts';
import type { Enforcement } from './document.ts';
import { judge } from './judge.ts';
import { decidingRule, enforcedEffect, reasonOf, requirementsOf } from './outcome.ts';
import { enforcing } from './resolve-rules.ts';
import { appliesTo, callWhen, type Rule } from './rule.ts';
import type { Truth } from './truth.ts';
import { effectOf, type ToolRules, type Verdict } from './verdict.ts';

/** Why a layer decides as it does. Plain data; values that look like secrets are hidden. */
export interface Explanation {
  readonly tool: string;
  readonly source: string;
  /** Id of the call, where there is one. */
  readonly rid: string | undefined;
  readonly policy: Digest;
  /** What is in force. `none` is no opinion. */
  readonly verdict: Effect | 'none';
  readonly reason: string;
  /** The rule that decided, where a rule did. */
  readonly rule: string | undefined;
  /** Every rule about this tool, in the order of their ids. */
  readonly considered: readonly ConsideredRule[];
  /** What speaks for or against the call beside rules: lists, mode, capabilities. */
  readonly sources: readonly {
    readonly name: string;
    readonly effect: Effect;
    readonly reason: string;
  }[];
  /** On a denial for want of an allow: the allow that failed on the fewest conditions. */
  readonly nearest: NearestAllow | undefined;
  /** What an ask needs, of all rules that ask together. */
  readonly requirements: Requirements | undefined;
  /** What is done with the result, of all rules about the call together. */
  readonly obligations: readonly Obligation[];
  /** What the call uses up. */
  readonly limits: readonly LimitClaim[];
  /** What has to be in force before it starts. */
  readonly requires: Conditions;
  readonly flips: readonly Flip[];
  /** What speaks against the call by where its values come from or go to. */
  readonly flow: readonly ExplainedFlow[];
}

export interface ExplainedFlow {
  /** Such as `from:recipient`. */
  readonly rule: string;
  readonly effect: 'ask' | 'deny';
  readonly reason: string;
  readonly argument: string | undefined;
  /** Where the value was seen; empty for one that comes from nowhere. */
  readonly places: readonly Place[];
}

export interface ConsideredRule {
  readonly id: string;
  readonly effect: Effect;
  readonly mode: 'enforce' | 'shadow';
  readonly outcome: 'matched' | 'not matched' | 'not evaluated';
  /** Whether it takes part in the verdict: what denies or asks does where it cannot be evaluated. */
  readonly counts: boolean;
  readonly opaque: boolean;
  readonly conditions: readonly ExplainedCondition[];
}

export interface ExplainedCondition {
  /** Such as `where.amount`, `who.role` or `when`. */
  readonly on: string;
  readonly outcome: 'holds' | 'fails' | 'not evaluated';
  readonly why: string;
}

export interface NearestAllow {
  readonly rule: string;
  readonly failed: readonly ExplainedCondition[];
}

/** A verdict that would be another one if a rule, or all of the policy, were enforced. */
export interface Flip {
  /** `undefined` for the whole policy. */
  readonly rule: string | undefined;
  readonly from: Effect | 'none';
  readonly would: Effect | 'none';
}

export interface Explained {
  readonly rules: ToolRules;
  readonly enforcement: Enforcement;
  readonly policy: Digest;
  readonly call: ToolCall;
  readonly context: CallContext;
}

export function explainVerdict({
  rules,
  enforcement,
  policy,
  call,
  context,
}: Explained): Explanation {
  const truths = new Map<Rule, Truth>();
  const applies = (rule: Rule): Truth => {
    if (!truths.has(rule)) truths.set(rule, appliesTo(rule, call, context));
    return truths.get(rule);
  };
  const { verdict, demands } = judge(rules, enforcement, call, applies);
  const considered = allRules(rules).map((rule) => consider(rule, applies(rule), call, context));
  return {
    tool: call.tool.name,
    source: call.tool.source,
    rid: call.rid === '' ? undefined : call.rid,
    policy,
    verdict: enforcedEffect(verdict, rules, enforcement) ?? 'none',
    reason: reasonOf(verdict, rules),
    rule: decidingRule(verdict),
    considered,
    sources: rules.sources.flatMap(({ name, about }) => {
      const stance = about(call);
      return stance === undefined ? [] : [{ name, effect: stance.effect, reason: stance.reason }];
    }),
    nearest: verdict.kind === 'nothing-allows' ? nearestAllow(considered) : undefined,
    requirements: requirementsOf(verdict),
    obligations: demands.obligations,
    limits: demands.limits,
    requires: demands.requires,
    flips: flipsOf({ rules, enforcement, call }, verdict, applies),
    flow: (rules.flow?.findings?.(call) ?? []).map(explainFinding),
  };
}

function explainFinding({
  rule,
  effect,
  reason,
  argument,
  provenance,
}: FlowFinding): ExplainedFlow {
  const places = (provenance?.sightings ?? []).map(({ place }) => place);
  return { rule, effect, reason, argument, places };
}

function allRules({ denies, asks, allows, shadows }: ToolRules): readonly Rule[] {
  const all = new Set([...denies, ...asks, ...allows, ...shadows]);
  return [...all].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function consider(rule: Rule, truth: Truth, call: ToolCall, context: CallContext): ConsideredRule {
  return {
    id: rule.id,
    effect: rule.effect,
    mode: rule.shadow ? 'shadow' : 'enforce',
    outcome: truth === undefined ? 'not evaluated' : truth ? 'matched' : 'not matched',
    counts: !rule.shadow && (truth === true || (truth === undefined && rule.effect !== 'allow')),
    opaque: rule.when !== undefined,
    conditions: conditionsOf(rule, call, context),
  };
}

function conditionsOf(
  rule: Rule,
  call: ToolCall,
  context: CallContext,
): readonly ExplainedCondition[] {
  const who = rule.who.map(({ name, wants, test, has }) => {
    const given = describeValue(name, has(context));
    return condition(`who.${name}`, test(context), `${name} is ${given}, rule wants ${wants}`);
  });
  const where = rule.where.map(({ field, wants, test }) => {
    const value = readField(call.confined, field);
    const given = describeValue(field.at(-1) ?? '', value);
    return condition(
      `where.${field.join('.')}`,
      test(value),
      `${field.join('.')} is ${given}, rule wants ${wants}`,
    );
  });
  if (rule.when === undefined) return [...who, ...where];
  const when = callWhen(rule, call, context);
  const said =
    when === undefined ? 'failed, or answered neither true nor false' : `answered ${when}`;
  return [...who, ...where, condition('when', when, `the function ${said} (opaque)`)];
}

function condition(on: string, truth: Truth, why: string): ExplainedCondition {
  if (truth === undefined)
    return { on, outcome: 'not evaluated', why: `${why}: cannot be compared` };
  return { on, outcome: truth ? 'holds' : 'fails', why };
}

function nearestAllow(considered: readonly ConsideredRule[]): NearestAllow | undefined {
  const candidates = considered
    .filter(({ effect, mode }) => effect === 'allow' && mode === 'enforce')
    .map(({ id, conditions }) => ({
      rule: id,
      failed: conditions.filter(({ outcome }) => outcome !== 'holds'),
    }))
    .sort((a, b) => a.failed.length - b.failed.length);
  return candidates[0];
}

/** What would be decided otherwise if more of the policy were in force. */
export function flipsOf(
  { rules, enforcement, call }: Pick<Explained, 'rules' | 'enforcement' | 'call'>,
  verdict: Verdict,
  applies: (rule: Rule) => Truth,
): readonly Flip[] {
  const from = enforcedEffect(verdict, rules, enforcement) ?? 'none';
  const inForce = (all: ToolRules): Effect | 'none' =>
    effectOf(judge(all, 'enforce', call, applies).verdict, all) ?? 'none';
  const whole = enforcement === 'enforce' ? from : inForce(rules);
  const flips: Flip[] = whole === from ? [] : [{ rule: undefined, from, would: whole }];
  for (const shadow of rules.shadows) {
    if (applies(shadow) === false) continue;
    const would = inForce(enforcing(rules, shadow));
    if (would !== whole) flips.push({ rule: shadow.id, from: whole, would });
  }
  return flips;
}
