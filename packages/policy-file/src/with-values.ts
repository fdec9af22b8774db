import type { CallContext, Policy, Ruling } from '@guardstile/core';
import type { RulePolicy } from '@guardstile/policy';

import type { Values, ValueSource } from './values.ts';

const MOST_KEPT = 1000;

/** A policy whose values depend on the context: compiled once for each of them. */
export function withValues(source: ValueSource, make: (values: Values) => RulePolicy): RulePolicy {
  if (source.fixed) return make(source.in({}));
  const compiled = new Map<string, RulePolicy>();
  const policyIn = (context: CallContext): RulePolicy => {
    const values = source.in(context);
    const key = JSON.stringify(values.sets);
    const before = compiled.get(key);
    if (before !== undefined) return before;
    if (compiled.size >= MOST_KEPT) compiled.clear();
    const policy = make(values);
    compiled.set(key, policy);
    return policy;
  };
  // What it is made of is the same for everybody.
  const shape = make(source.example);
  return {
    ...shape,
    digest(context) {
      try {
        return policyIn(context).digest(context);
      } catch {
        return shape.digest(context); // the call is denied anyway
      }
    },
    resolve(tool) {
      const rulings = new WeakMap<Policy, { readonly ruling: Ruling }>();
      return (call, context) => {
        const policy = policyIn(context);
        let known = rulings.get(policy);
        if (known === undefined) {
          known = { ruling: policy.resolve(tool) };
          rulings.set(policy, known);
        }
        return typeof known.ruling === 'function' ? known.ruling(call, context) : known.ruling;
      };
    },
    explain: (call) => policyIn(call.context ?? {}).explain(call),
    checkCapability: (name, resource, context = {}) =>
      policyIn(context).checkCapability(name, resource, context),
    labelsOf: (tool, context = {}) => policyIn(context).labelsOf(tool, context),
  };
}
