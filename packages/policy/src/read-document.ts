import type { Effect, Mode } from '@guardstile/core';

import type { CapabilityGrant } from './capabilities/check.ts';
import { meaningOfGrant, readCapabilities } from './capabilities/read.ts';
import type { Enforcement, PolicyDocument } from './document.ts';
import { type ReadFlow, readFlow } from './flow/read-flow.ts';
import {
  type Place,
  placeIn,
  type PolicyIssue,
  readFields,
  readList,
  readName,
  readOneOf,
} from './issues.ts';
import { type AttributesSchema, contextForRules } from './rule-context.ts';
import { checkLimits } from './rule-limit.ts';
import { readRule, type Rule } from './rule.ts';
import type { Lists } from './sources.ts';
import { suggest } from './suggest.ts';
import { isPattern, matchesPattern } from './tool-pattern.ts';

/** A policy document that was read. */
export interface ReadDocument {
  readonly layer: 'grants' | 'restricts';
  readonly enforcement: Enforcement;
  readonly default: Effect | undefined;
  readonly mode: Mode | undefined;
  readonly lists: Lists;
  readonly capabilities: CapabilityGrant | undefined;
  /** In the order of their ids, which is the same for the same rules in any order. */
  readonly rules: readonly Rule[];
  readonly flow: ReadFlow | undefined;
  readonly issues: readonly PolicyIssue[];
}

const KNOWN = [
  'layer',
  'enforcement',
  'default',
  'mode',
  'allow',
  'deny',
  'optional',
  'capabilities',
  'rules',
  'flow',
] as const satisfies ReadonlyArray<keyof PolicyDocument>;

const EFFECTS: readonly Effect[] = ['allow', 'ask', 'deny'];
const LAYERS = ['grants', 'restricts'] as const;
const ENFORCEMENTS: readonly Enforcement[] = ['enforce', 'observe', 'shadow'];
const MODES: readonly Mode[] = [
  'default',
  'acceptEdits',
  'bypassPermissions',
  'readOnly',
  'dontAsk',
];
const RESTRICTING_MODES: readonly Mode[] = ['readOnly', 'dontAsk'];

/** What is known beside the document. */
export interface ReadOptions {
  /** Names of all tools, so that rules about none of them are refused. @default not checked */
  readonly tools?: readonly string[];
  /**
   * Whether an empty list is nobody and nothing in a condition or as the tools of a rule, as a set
   * is that has no members. @default false: it is refused, since it could be meant as everything
   */
  readonly emptyLists?: boolean;
  /** Checks the attributes of principals before a `when` sees them. */
  readonly attributes?: AttributesSchema;
}

/** Reads a document; what is wrong with it is in `issues`, and the rest of it means nothing then. */
export function readDocument(document: unknown, options: ReadOptions = {}): ReadDocument {
  const { attributes } = options;
  const tools = options.tools === undefined ? undefined : new Set(options.tools);
  const issues: PolicyIssue[] = [];
  const place = placeIn(issues, options.emptyLists ?? false);
  const own = readFields(document, KNOWN, place, 'a policy') ?? {};
  const layer =
    own.layer === undefined
      ? 'grants'
      : (readOneOf(own.layer, LAYERS, place.at('layer'), 'layer') ?? 'grants');
  const rules =
    own.rules === undefined
      ? []
      : readRules(own.rules, place.at('rules'), tools, (value, at) =>
          readRule(value, at, layer, contextForRules(attributes)),
        );
  const flow = own.flow === undefined ? undefined : readFlow(own.flow, place.at('flow'));
  checkFlowTools(flow, place.at('flow').at('tools'), tools);
  const allow = readNames(own.allow, place.at('allow'), tools);
  const mode =
    own.mode === undefined ? undefined : readOneOf(own.mode, MODES, place.at('mode'), 'mode');
  if (layer === 'restricts' && mode !== undefined && !RESTRICTING_MODES.includes(mode)) {
    place.at('mode').wrong(`the mode ${mode} allows calls, and a layer that restricts cannot`);
  }
  const otherwise =
    own.default === undefined
      ? undefined
      : readOneOf(own.default, EFFECTS, place.at('default'), 'default');
  if (otherwise !== undefined && layer === 'restricts') {
    place.at('default').wrong('a layer that restricts has no opinion where no rule says anything');
  }
  if (otherwise !== undefined && mode !== undefined) {
    place.at('default').wrong('default and mode both say what happens otherwise; use one');
  }
  const enforcement =
    own.enforcement === undefined
      ? 'enforce'
      : readOneOf(own.enforcement, ENFORCEMENTS, place.at('enforcement'), 'enforcement');
  return {
    layer,
    enforcement: enforcement ?? 'enforce',
    default: otherwise,
    mode,
    lists: {
      allow,
      deny: readNames(own.deny, place.at('deny'), tools) ?? [],
      optional: readNames(own.optional, place.at('optional'), tools) ?? [],
    },
    capabilities:
      own.capabilities === undefined
        ? undefined
        : readCapabilities(own.capabilities, place.at('capabilities')),
    rules,
    flow,
    issues,
  };
}

function readRules(
  value: unknown,
  place: Place,
  tools: ReadonlySet<string> | undefined,
  read: (value: unknown, place: Place) => Rule | undefined,
): readonly Rule[] {
  if (!Array.isArray(value)) {
    place.wrong('rules have to be a list');
    return [];
  }
  const rules = new Map<string, Rule>();
  const limits = new Map<string, string>();
  for (const [i, given] of Array.from(value as readonly unknown[]).entries()) {
    const at = place.at(i);
    const rule = read(given, at);
    if (rule === undefined) continue;
    if (rules.has(rule.id)) at.at('id').wrong(`the id "${rule.id}" is taken by another rule`);
    else rules.set(rule.id, rule);
    checkTools(rule.tools, at.at('tool'), tools);
    checkLimits(rule.demands?.limits ?? [], limits, at.at('limits'));
  }
  return [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A name that no tool has is a rule that silently does nothing. */
function checkTools(
  patterns: readonly string[],
  place: Place,
  tools: ReadonlySet<string> | undefined,
): void {
  if (tools === undefined) return;
  for (const pattern of patterns) {
    if (tools.has(pattern) || (isPattern(pattern) && matchesSome(pattern, tools))) continue;
    place.wrong(`"${pattern}" matches none of the tools${meant(pattern, tools)}`);
  }
}

/** One of another source is named with it, and most often not among those that are known. */
function checkFlowTools(
  flow: ReadFlow | undefined,
  place: Place,
  tools: ReadonlySet<string> | undefined,
): void {
  if (tools === undefined) return;
  for (const name of Object.keys(flow?.spec.tools ?? {})) {
    const source = name.slice(0, name.lastIndexOf('/') + 1);
    const isKnown = source === '' || [...tools].some((one) => one.startsWith(source));
    if (tools.has(name) || !isKnown) continue;
    place.at(name).wrong(`"${name}" is none of the tools${meant(name, tools)}`);
  }
}

function matchesSome(pattern: string, tools: ReadonlySet<string>): boolean {
  for (const name of tools) if (matchesPattern(name, pattern)) return true;
  return false;
}

/** Among how many names one is looked for: the time it takes grows with both. */
const MOST_NAMES = 500;

function meant(pattern: string, tools: ReadonlySet<string>): string {
  return isPattern(pattern) || tools.size > MOST_NAMES ? '' : suggest(pattern, tools);
}

function readNames(
  value: unknown,
  place: Place,
  tools: ReadonlySet<string> | undefined,
): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const names = readList(value, place, (name, at) => readName(name, at, 'the name of a tool'));
  if (names !== undefined) checkTools(names, place, tools);
  // A list that was not understood permits nothing.
  return names ?? [];
}

/** Plain data that is the same for documents of the same meaning. */
export function meaningOfDocument(read: ReadDocument): unknown {
  const { allow, deny, optional } = read.lists;
  return {
    kind: 'rules',
    layer: read.layer,
    enforcement: read.enforcement,
    default: read.default ?? 'deny',
    mode: read.mode ?? null,
    allow: allow === undefined ? null : [...new Set(allow)].sort(),
    deny: [...new Set(deny)].sort(),
    optional: [...new Set(optional)].sort(),
    capabilities: meaningOfGrant(read.capabilities),
    rules: read.rules.map(({ means }) => means),
    ...(read.flow === undefined ? {} : { flow: read.flow.means }),
  };
}
