import type { Effect, LimitClaim, Requirements, ToolCall } from '@guardstile/core';

import { type Demands, NO_DEMANDS, uniteDemands } from './demands.ts';
import { flowStance, type ToolFlow } from './flow/tool-flow.ts';
import { claimOf, type RuleLimit } from './rule-limit.ts';
import type { Rule } from './rule.ts';
import type { Source } from './sources.ts';
import type { Stance } from './stance.ts';
import type { Truth } from './truth.ts';

/** The rules and sources that are about one tool. Rules are in the order of their ids. */
export interface ToolRules {
  readonly layer: 'grants' | 'restricts';
  /** Whether an ask becomes a denial. */
  readonly neverAsks: boolean;
  readonly denies: readonly Rule[];
  /** Rules that ask, those that allow with somebody's approval among them. */
  readonly asks: readonly Rule[];
  readonly allows: readonly Rule[];
  /** Those of them that demand something beside. */
  readonly demanding: readonly Rule[];
  readonly shadows: readonly Rule[];
  readonly sources: readonly Source[];
  /** Where its values may come from and go to. */
  readonly flow: ToolFlow | undefined;
}

/** Something that a person is asked, and who has to agree. */
export interface Ask {
  readonly id: string;
  readonly reason: string | undefined;
  readonly requirements: Requirements | undefined;
}

/** What one layer says of one call, and on what ground. */
export type Verdict =
  | { readonly kind: 'rule-denies'; readonly rule: Rule; readonly evaluated: boolean }
  | {
      readonly kind: 'source-denies';
      readonly source: Source;
      readonly explicit: boolean;
      readonly reason: string;
    }
  | { readonly kind: 'flow-denies'; readonly rule: string; readonly reason: string }
  | { readonly kind: 'nothing-allows'; readonly asks: readonly Rule[] }
  | { readonly kind: 'asks'; readonly asks: readonly Ask[]; readonly fallback: string | undefined }
  | { readonly kind: 'rule-allows'; readonly rule: Rule }
  | { readonly kind: 'source-allows'; readonly source: Source; readonly reason: string }
  | { readonly kind: 'no-opinion' }
  | Uncounted;

/** The arguments do not say how much of a limit the call uses. */
export interface Uncounted {
  readonly kind: 'uncounted';
  readonly rule: Rule;
  readonly limit: RuleLimit;
}

export const NO_OPINION: Verdict = Object.freeze({ kind: 'no-opinion' });
const NO_RULES: readonly Rule[] = Object.freeze([]);

/**
 * Denials first, then what is asked, then what is allowed, whatever the order of rules. What cannot
 * be told counts against the call: a denial and an ask hold then, an allow does not. An ask grants
 * nothing, so that adding one never lets anything run that did not run before.
 */
export function verdictOf(
  rules: ToolRules,
  call: ToolCall,
  applies: (rule: Rule) => Truth,
): Verdict {
  for (const rule of rules.denies) {
    const truth = applies(rule);
    if (truth !== false) return { kind: 'rule-denies', rule, evaluated: truth === true };
  }
  let granting: { readonly source: Source; readonly stance: NonNullable<Stance> } | undefined;
  let fallback: string | undefined;
  for (const source of rules.sources) {
    const stance = source.about(call);
    if (stance?.effect === 'deny') return { kind: 'source-denies', source, ...stance };
    if (stance?.effect === 'allow') granting ??= { source, stance };
    if (stance?.effect === 'ask') fallback ??= stance.reason;
  }
  const asking = askingRules(rules.asks, applies);
  const restricts = rules.layer === 'restricts';
  const allowing = restricts ? undefined : firstThatHolds(rules.allows, applies);
  const granted = allowing !== undefined || granting !== undefined;
  if (!restricts && !granted && fallback === undefined) {
    return { kind: 'nothing-allows', asks: asking };
  }
  // It takes longest, and has no say in what is not allowed anyway.
  const flow = rules.flow === undefined ? undefined : flowStance(rules.flow, call);
  if (flow?.kind === 'flow-denies') return flow;
  const asks = flow === undefined ? asking : [...asking, ...flow.asks];
  if (restricts) {
    return asks.length === 0 ? NO_OPINION : { kind: 'asks', asks, fallback: undefined };
  }
  if (asks.length > 0 || !granted) {
    return { kind: 'asks', asks, fallback: granted ? undefined : fallback };
  }
  if (allowing !== undefined) return { kind: 'rule-allows', rule: allowing };
  return granting === undefined
    ? { kind: 'nothing-allows', asks: asking }
    : { kind: 'source-allows', source: granting.source, reason: granting.stance.reason };
}

/**
 * What a call needs beside, where it runs: of all rules about it, as far as that can be told. What
 * cannot be counted may not run.
 */
export function demandsOf(
  { demanding, flow }: ToolRules,
  args: unknown,
  applies: (rule: Rule) => Truth,
): Demands | Uncounted {
  const labels = flow?.labels ?? NO_DEMANDS;
  if (demanding.length === 0) return labels;
  const all: Demands[] = labels === NO_DEMANDS ? [] : [labels];
  for (const rule of demanding) {
    if (rule.demands === undefined || applies(rule) === false) continue;
    const { obligations, limits, requires } = rule.demands;
    const claims: LimitClaim[] = [];
    for (const limit of limits) {
      const claim = claimOf(limit, args);
      if (claim === undefined) return { kind: 'uncounted', rule, limit };
      claims.push(claim);
    }
    all.push({ obligations, limits: claims, requires });
  }
  return uniteDemands(all);
}

/** A loop, as everything that runs on every call. */
function firstThatHolds(rules: readonly Rule[], applies: (rule: Rule) => Truth): Rule | undefined {
  for (const rule of rules) if (applies(rule) === true) return rule;
  return undefined;
}

/** Most calls are not asked about: they get the same empty list. */
function askingRules(rules: readonly Rule[], applies: (rule: Rule) => Truth): readonly Rule[] {
  let asking: Rule[] | undefined;
  for (const rule of rules) {
    if (applies(rule) === false) continue;
    asking ??= [];
    asking.push(rule);
  }
  return asking ?? NO_RULES;
}

/** The effect of a verdict while it is enforced; `undefined` for no opinion. */
export function effectOf(verdict: Verdict, { neverAsks }: ToolRules): Effect | undefined {
  switch (verdict.kind) {
    case 'rule-denies':
    case 'source-denies':
    case 'flow-denies':
    case 'nothing-allows':
    case 'uncounted':
      return 'deny';
    case 'asks':
      return neverAsks ? 'deny' : 'ask';
    case 'rule-allows':
    case 'source-allows':
      return 'allow';
    case 'no-opinion':
      return undefined;
  }
}
