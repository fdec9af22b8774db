import { combineRequirements } from '../approvals/requirements.ts';
import { canonical } from '../canonical.ts';
import { DURABILITIES, type Durability } from '../audit/log.ts';
import {
  allow,
  ask,
  type AskDecision,
  type Conditions,
  type Decision,
  deny,
  type Needs,
} from '../decision.ts';
import type { Digest } from '../digest.ts';
import { strongest } from '../sandbox/guarantees.ts';

/**
 * One decision of several: the most restrictive wins, all asks apply together, and what an allow
 * or an ask demands (obligations, limits, conditions) is demanded by the result too.
 */
export function combine(policy: Digest, decisions: readonly Decision[]): Decision {
  const [first] = decisions;
  if (first === undefined) return deny(policy, 'no policy has an opinion');
  if (decisions.length === 1) return first;
  const denial = decisions.find((decision) => decision.effect === 'deny');
  if (denial !== undefined) return denial;
  const extras = {
    obligations: unite(decisions.map((d) => d.obligations)),
    limits: unite(decisions.map((d) => d.limits)),
    conditions: combineConditions(decisions.map((d) => d.conditions)),
  };
  const asks = decisions.filter((d): d is AskDecision => d.effect === 'ask');
  if (asks.length === 0) return allow(policy, first.reason, { ...ruleOf(decisions), ...extras });
  const reason = [...new Set(asks.map((d) => d.reason))].join('; ');
  const requirements = combineRequirements(asks.map((d) => d.requirements));
  return ask(policy, reason, requirements, { ...ruleOf(asks), ...extras });
}

/** The first rule that is named: a mode that asks too has none. */
function ruleOf(decisions: readonly Decision[]): { readonly rule?: string } {
  const rule = decisions.find((decision) => decision.rule !== undefined)?.rule;
  return rule === undefined ? {} : { rule };
}

/** What two layers demand alike is demanded once: a limit of both is not used up twice. */
function unite<T>(lists: ReadonlyArray<readonly T[]>): readonly T[] {
  const all = lists.flat();
  if (all.length === 0) return lists[0] ?? all;
  return Object.freeze([...new Map(all.map((one) => [canonical(one), one])).values()]);
}

/** What all of them demand together. */
function combineConditions(all: readonly Conditions[]): Conditions {
  const set = all.filter((c) => c.sandbox !== undefined || c.durability !== undefined);
  const [first = all[0] ?? {}, ...rest] = set;
  if (rest.length === 0) return first;
  let { sandbox, durability } = first;
  for (const next of rest) {
    if (next.sandbox !== undefined) sandbox = strongest(sandbox ?? {}, next.sandbox);
    durability = mostDurable(durability, next.durability);
  }
  return Object.freeze({
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(durability === undefined ? {} : { durability }),
  });
}

/** What a guard has to have for all of them. */
export function combineNeeds(all: readonly Needs[]): Needs {
  const conditions = combineConditions(all);
  const dataFlow = all.some((needs) => needs.dataFlow === true);
  return dataFlow ? Object.freeze({ ...conditions, dataFlow }) : conditions;
}

function mostDurable(a: Durability | undefined, b: Durability | undefined): Durability | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return DURABILITIES.indexOf(a) >= DURABILITIES.indexOf(b) ? a : b;
}
