import { factsOf } from '@guardstile/core';

import { isCertain } from '../fixed-verdict.ts';
import type { ReadDocument } from '../read-document.ts';
import { ruleResolver } from '../resolve-rules.ts';
import type { Rule } from '../rule.ts';
import { listSources } from '../sources.ts';
import type { ToolRules } from '../verdict.ts';

/** Says why a rule decides no call of any of these tools, where that is so. */
export type NeverDecides = (rule: Rule, tools: readonly string[]) => string | undefined;

export function neverDecidesIn(read: ReadDocument): NeverDecides {
  const rulesFor = ruleResolver(read);
  return (rule, tools) => {
    if (rule.shadow || tools.length === 0) return undefined;
    const reasons = tools.map((name) => {
      const identity = { source: rule.source ?? 'app', name };
      // What a mode and capabilities say depends on what is stated of a tool: they are left out.
      const facts = factsOf(name, {});
      return (
        deniedByList(read, name) ?? overruled(rule, rulesFor({ identity, facts }), mayGrant(read))
      );
    });
    // One tool on which it decides is enough.
    return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
  };
}

function deniedByList({ lists }: ReadDocument, name: string): string | undefined {
  const facts = factsOf(name, {});
  const [source] = listSources(lists, { identity: { source: 'app', name }, facts });
  return source === undefined
    ? undefined
    : `it decides nothing: "${name}" never runs, by the list "${source.name}"`;
}

/** Whether something else than rules allows calls. */
function mayGrant({ layer, mode, capabilities, default: otherwise }: ReadDocument): boolean {
  return (
    layer === 'restricts' ||
    mode !== undefined ||
    capabilities !== undefined ||
    (otherwise !== undefined && otherwise !== 'deny')
  );
}

function overruled(rule: Rule, rules: ToolRules, othersGrant: boolean): string | undefined {
  const denial = rules.denies.find(isCertain);
  if (denial !== undefined && !(rule.effect === 'deny' && isCertain(rule))) {
    return `it decides nothing: "${denial.id}" denies every call that it is about`;
  }
  if (rule.effect === 'ask' && !othersGrant && rules.allows.length === 0) {
    return 'nothing allows what it asks about, so that it is denied: a rule that asks allows nothing by itself (use allow with approve)';
  }
  const isPlain = (one: Rule): boolean =>
    one.requirements === undefined && one.demands === undefined;
  const wider = rules.allows.find((one) => one !== rule && isCertain(one) && isPlain(one));
  return rule.effect === 'allow' && isPlain(rule) && !isCertain(rule) && wider !== undefined
    ? `its conditions change nothing: "${wider.id}" allows every call that it is about`
    : undefined;
}
