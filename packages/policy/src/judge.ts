import type { ToolCall } from '@guardstile/core';

import { type Demands, NO_DEMANDS } from './demands.ts';
import type { Enforcement } from './document.ts';
import type { Rule } from './rule.ts';
import type { Truth } from './truth.ts';
import { enforcedEffect } from './outcome.ts';
import { demandsOf, type ToolRules, type Verdict, verdictOf } from './verdict.ts';

/** What one layer says of one call, and what it demands of it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly demands: Demands;
}

export function judge(
  rules: ToolRules,
  enforcement: Enforcement,
  call: ToolCall,
  applies: (rule: Rule) => Truth,
): Judgement {
  return withDemands(verdictOf(rules, call, applies), rules, enforcement, call.confined, applies);
}

/**
 * What is denied uses nothing up, and what is only observed is left as it is, its result too. But that
 * results are labelled says what they are: without it, nobody could observe where values go.
 */
export function withDemands(
  verdict: Verdict,
  rules: ToolRules,
  enforcement: Enforcement,
  args: unknown,
  applies: (rule: Rule) => Truth,
): Judgement {
  const effect = enforcedEffect(verdict, rules, enforcement);
  if (enforcement === 'shadow' || effect === 'deny') return { verdict, demands: NO_DEMANDS };
  if (enforcement === 'observe') return { verdict, demands: rules.flow?.labels ?? NO_DEMANDS };
  const demands = demandsOf(rules, args, applies);
  return 'kind' in demands ? { verdict: demands, demands: NO_DEMANDS } : { verdict, demands };
}
