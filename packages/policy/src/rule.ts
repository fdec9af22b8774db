import type { CallContext, Effect, Requirements, ToolCall } from '@guardstile/core';

import { CONFIRMED, readApprove } from './approve.ts';
import { readDemands, type RuleDemands } from './demands.ts';
import type { FieldCheck } from './conditions/check.ts';
import { meaningOf, readWhere, testFields } from './conditions/where.ts';
import type { RuleDocument } from './document.ts';
import { ignoreFailure } from './ignore-failure.ts';
import { type Place, readAnyOf, readFields, readName, readOneOf, readText } from './issues.ts';
import type { ContextForRules } from './rule-context.ts';
import { isPattern } from './tool-pattern.ts';
import { all, type Truth } from './truth.ts';
import { readWho, type WhoCheck } from './who.ts';

/** A rule that was understood, ready to be tested. */
export interface Rule {
  readonly id: string;
  readonly effect: Effect;
  readonly tools: readonly string[];
  readonly source: string | undefined;
  readonly shadow: boolean;
  readonly reason: string | undefined;
  readonly who: readonly WhoCheck[];
  readonly where: readonly FieldCheck[];
  readonly when: WhenFunction | undefined;
  /** The context as `when` gets it. */
  readonly contextFor: ContextForRules;
  /** What it asks for; `undefined` for a plain allow and for a denial. */
  readonly requirements: Requirements | undefined;
  /** What a call needs beside, where it is not denied. */
  readonly demands: RuleDemands | undefined;
  /** Plain data with the same meaning, for digests. */
  readonly means: unknown;
}

export type WhenFunction = (args: unknown, context: CallContext, call: ToolCall) => unknown;

const KNOWN = [
  'id',
  'effect',
  'tool',
  'source',
  'who',
  'where',
  'when',
  'mode',
  'approve',
  'obligations',
  'limits',
  'requires',
  'reason',
] as const satisfies ReadonlyArray<keyof RuleDocument>;

const EFFECTS: readonly Effect[] = ['allow', 'ask', 'deny'];
const MODES = ['enforce', 'shadow'] as const;

/** `undefined` where something is wrong with it, which was reported then. */
export function readRule(
  value: unknown,
  place: Place,
  layer: 'grants' | 'restricts',
  contextFor: ContextForRules,
): Rule | undefined {
  const own = readFields(value, KNOWN, place, 'a rule');
  if (own === undefined) return undefined;
  const id = readName(own.id, place.at('id'), 'the id of a rule');
  const effect = readOneOf(own.effect, EFFECTS, place.at('effect'), 'effect');
  const tools = readAnyOf(own.tool, place.at('tool'), 'tool', readName);
  const parts = {
    source: own.source === undefined ? undefined : readSource(own.source, place.at('source')),
    shadow:
      own.mode !== undefined && readOneOf(own.mode, MODES, place.at('mode'), 'mode') === 'shadow',
    reason:
      own.reason === undefined ? undefined : readText(own.reason, place.at('reason'), 'reason'),
    who: own.who === undefined ? [] : readWho(own.who, place.at('who')),
    where: own.where === undefined ? [] : readWhere(own.where, place.at('where')),
    when: own.when === undefined ? undefined : readWhen(own.when, place.at('when')),
    requirements: answeredBy(id, requirementsOf(effect, own.approve, place.at('approve'))),
    demands: demandsOf(effect, own, place),
  };
  if (effect === 'allow' && layer === 'restricts' && parts.demands === undefined) {
    place
      .at('effect')
      .wrong(
        'a layer that restricts allows nothing; use layer: grants, or give obligations, limits or requires',
      );
  }
  if (id === undefined || effect === undefined || tools === undefined) return undefined;
  // A name is the developer's own in `app` only; what takes away does so wherever the tool is from.
  const grants = effect === 'allow' && layer === 'grants';
  const source = parts.source ?? (grants ? 'app' : undefined);
  const rule = { id, effect, tools, ...parts, source, contextFor };
  return { ...rule, means: meaning(rule) };
}

function readSource(value: unknown, place: Place): string | undefined {
  const source = readText(value, place, 'source');
  if (source !== undefined && isPattern(source)) return place.wrong('a source has no pattern');
  return source;
}

function readWhen(value: unknown, place: Place): WhenFunction | undefined {
  if (typeof value === 'function') return value as WhenFunction; // whatever it answers is checked
  return place.wrong('when has to be a function; conditions that are data go into where');
}

function requirementsOf(
  effect: Effect | undefined,
  approve: unknown,
  place: Place,
): Requirements | undefined {
  if (effect === 'deny' && approve !== undefined) {
    return place.wrong('nobody can approve what a rule denies; use the effect ask');
  }
  if (approve === undefined) return effect === 'ask' ? CONFIRMED : undefined;
  return readApprove(approve, place);
}

/** A grant names the rules that it answers. */
function answeredBy(
  id: string | undefined,
  requirements: Requirements | undefined,
): Requirements | undefined {
  if (id === undefined || requirements === undefined || requirements.grants.length === 0) {
    return requirements;
  }
  return Object.freeze({ ...requirements, rules: Object.freeze([id]) });
}

function demandsOf(
  effect: Effect | undefined,
  own: Readonly<Partial<Record<keyof RuleDemands, unknown>>>,
  place: Place,
): RuleDemands | undefined {
  if (effect !== 'deny') return readDemands(own, place);
  if (own.obligations !== undefined) place.at('obligations').wrong('what is denied has no result');
  if (own.limits !== undefined) place.at('limits').wrong('what is denied uses nothing up');
  if (own.requires !== undefined) place.at('requires').wrong('what is denied never starts');
  return undefined;
}

function meaning(rule: Omit<Rule, 'means' | 'contextFor'>): unknown {
  return {
    id: rule.id,
    effect: rule.effect,
    tools: [...new Set(rule.tools)].sort(),
    source: rule.source ?? null,
    shadow: rule.shadow,
    reason: rule.reason ?? null,
    who: rule.who.map(({ name, values }) => [name, [...new Set(values)].sort()]),
    where: meaningOf(rule.where),
    // Two functions with the same text are not told apart.
    opaque: rule.when === undefined ? null : String(rule.when),
    requirements: rule.requirements ?? null,
    ...(rule.demands === undefined ? {} : { demands: rule.demands }),
  };
}

/** Whether the rule is about this call; `undefined` where that cannot be told. */
export function appliesTo(rule: Rule, call: ToolCall, context: CallContext): Truth {
  const { who, where, when } = rule;
  const fits = testFields(where, call.confined);
  if (fits === false || (who.length === 0 && when === undefined)) return fits;
  const named = who.length === 0 ? true : all(who, ({ test }) => test(context));
  if (named === false) return false;
  const answer = when === undefined ? true : callWhen(rule, call, context);
  if (answer === false) return false;
  return fits === true && named === true ? answer : undefined;
}

/** Only `true` and `false` are answers: anything else, a promise too, tells nothing. */
export function callWhen(
  { when, contextFor }: Pick<Rule, 'when' | 'contextFor'>,
  call: ToolCall,
  context: CallContext,
): Truth {
  try {
    const answer = when?.(call.confined, contextFor(context), call);
    if (typeof answer === 'boolean') return answer;
    ignoreFailure(() => answer); // nobody waits for a promise
    return undefined;
  } catch {
    return undefined;
  }
}
