import type { ToolCall } from '@guardstile/core';

import type { Rule } from './rule.ts';
import type { Source } from './sources.ts';
import { type ToolRules, type Verdict, verdictOf } from './verdict.ts';

/** A call of which nobody looks at anything. */
const ANY_CALL: ToolCall = Object.freeze({
  rid: '',
  id: '',
  tool: Object.freeze({ source: '', name: '' }),
  facts: Object.freeze({ effect: 'unknown', money: false, capabilities: [], why: '' }),
  args: undefined,
  confined: undefined,
  labels: [],
});

/** The verdict that holds for every call of a tool, where there is one; `undefined` where calls matter. */
export function fixedVerdict(rules: ToolRules): Verdict | undefined {
  const certain = withoutConditions(rules);
  const verdict = verdictOf(certain, ANY_CALL, () => true);
  const whole =
    certain.denies.length === rules.denies.length &&
    certain.asks.length === rules.asks.length &&
    certain.allows.length === rules.allows.length &&
    certain.sources.length === rules.sources.length &&
    rules.flow?.findings === undefined;
  if (whole || verdict.kind === 'rule-denies' || verdict.kind === 'source-denies') return verdict;
  // Nothing could allow it, whatever it is asked with.
  const hopeless =
    rules.layer === 'grants' && rules.allows.length === 0 && rules.sources.length === 0;
  return hopeless && rules.denies.length === 0
    ? { kind: 'nothing-allows', asks: rules.asks }
    : undefined;
}

function withoutConditions(rules: ToolRules): ToolRules {
  return {
    ...rules,
    denies: rules.denies.filter(isCertain),
    asks: rules.asks.filter(isCertain),
    allows: rules.allows.filter(isCertain),
    sources: rules.sources.filter(({ fixed }: Source) => fixed),
    flow: undefined,
  };
}

/** Whether it is about every call of its tools. */
export function isCertain({ who, where, when }: Rule): boolean {
  return who.length === 0 && where.length === 0 && when === undefined;
}
