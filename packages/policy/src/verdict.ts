import type { Effect, LimitClaim, ToolCall } from '@guardstile/core';

import { type Demands, NO_DEMANDS, uniteDemands } from './demands.ts';
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
  | { readonly kind: 'nothing-allows'; readonly asks: readonly Rule[] }
  | { readonly kind: 'asks'; readonly asks: readonly Rule[]; readonly fallback: string | undefined }
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
  const asks = askingRules(rules.asks, applies);
  if (rules.layer === 'restricts') {
    return asks.length === 0 ? NO_OPINION : { kind: 'asks', asks, fallback: undefined };
  }
  const allowing = firstThatHolds(rules.allows, applies);
  const granted = allowing !== undefined || granting !== undefined;
  if (!granted && fallback === undefined) return { kind: 'nothing-allows', asks };
  if (asks.length > 0 || !granted) {
    return { kind: 'asks', asks, fallback: granted ? undefined : fallback };
  }
  if (allowing !== undefined) return { kind: 'rule-allows', rule: allowing };
  return granting === undefined
    ? { kind: 'nothing-allows', asks }
    : { kind: 'source-allows', source: granting.source, reason: granting.stance.reason };
}

/**
 * What a call needs beside, where it runs: of all rules about it, as far as that can be told. What
 * cannot be counted may not run.
 */
export function demandsOf(
  { demanding }: ToolRules,
  args: unknown,
  applies: (rule: Rule) => Truth,
): Demands | Uncounted {
  if (demanding.length === 0) return NO_DEMANDS;
  const all: Demands[] = [];
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
