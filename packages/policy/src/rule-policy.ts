import {
  type CallContext,
  type Decision,
  type Digest,
  digest,
  type Fact,
  factsOf,
  type FlowView,
  type Needs,
  type Opinion,
  ownOptions,
  type PathLabels,
  type Policy,
  type Ruling,
  type ToolCall,
  type ToolInfo,
} from '@guardstile/core';

import { aboutCapability } from './capabilities/check.ts';
import { allowed, denied } from './decisions.ts';
import { NO_DEMANDS } from './demands.ts';
import { type Explained, type Explanation, explainVerdict, flipsOf } from './explain.ts';
import type { PolicyDocument } from './document.ts';
import { policyInvalid, type PolicyIssue } from './issues.ts';
import { fixedVerdict } from './fixed-verdict.ts';
import { ignoreFailure } from './ignore-failure.ts';
import { judge, withDemands } from './judge.ts';
import { decisionOf, enforcedEffect } from './outcome.ts';
import {
  meaningOfDocument,
  type ReadDocument,
  readDocument,
  type ReadOptions,
} from './read-document.ts';
import { NO_REQUIREMENT, uniteRequires } from './requires.ts';
import { ruleResolver } from './resolve-rules.ts';
import { appliesTo, type Rule } from './rule.ts';
import type { Truth } from './truth.ts';
import { NO_OPINION, type ToolRules, type Verdict } from './verdict.ts';

/** A policy made of rules, which can say why it decides as it does. */
export interface RulePolicy extends Policy {
  /** Ids of the rules in it, in order. */
  readonly rules: readonly string[];
  /** Ids of rules with a `when`: what those functions do is in no digest and no explanation. */
  readonly opaque: readonly string[];
  explain(call: ExplainedCall): Explanation;
  /**
   * What its capabilities say of one of them without a tool, on a resource (a path, or a URL) where
   * only some are allowed. Denies a name that is no capability, and everything without `capabilities`.
   * A policy that is another one for each caller is asked for the context's.
   */
  checkCapability(name: string, resource?: string, context?: CallContext): Decision;
  /**
   * Where its `flow` says that the results of a tool come from. A policy that is another one for each
   * caller is asked for the context's.
   */
  labelsOf(tool: ToolInfo, context?: CallContext): PathLabels | undefined;
}

/** A call to be explained; it is not run, and its arguments are taken as they are. */
export interface ExplainedCall {
  readonly tool: string;
  /** @default 'app' */
  readonly source?: string;
  readonly args?: unknown;
  readonly context?: CallContext;
  /** What the developer states of the tool. */
  readonly facts?: Fact | readonly Fact[];
  /** What the session has seen. @default as in a guard without a data flow */
  readonly flow?: FlowView;
}

export interface CompileOptions extends ReadOptions {
  /** @default 'rules' */
  readonly name?: string;
  /**
   * Told of each ask and each denial that depended on the call, and of each call on which a rule or
   * a policy in shadow would have changed the verdict.
   */
  readonly report?: (explanation: Explanation) => void;
}

const READ_OPTIONS = ['tools', 'emptyLists', 'attributes'] as const satisfies ReadonlyArray<
  keyof ReadOptions
>;
const OPTIONS: ReadonlyArray<keyof CompileOptions> = ['name', 'report', ...READ_OPTIONS];

/** What is wrong with a document, with the place of each; nothing for one that can be used. */
export function checkPolicy(document: unknown, options: ReadOptions = {}): readonly PolicyIssue[] {
  const own = ownOptions('checkPolicy', options, READ_OPTIONS, 'options_invalid');
  return readDocument(document, own).issues;
}

/**
 * A document as a policy.
 *
 * @example
 * const policy = compilePolicy({ rules: [{ id: 'reads', effect: 'allow', tool: 'read_*' }] });
 *
 * @throws {GuardError} `policy_invalid` with everything that is wrong with it.
 */
export function compilePolicy(document: PolicyDocument, options: CompileOptions = {}): RulePolicy {
  const own = ownOptions('compilePolicy', options, OPTIONS, 'options_invalid');
  const { name = 'rules', report } = own;
  const read = readDocument(document, own);
  if (read.issues.length > 0) throw policyInvalid(name, read.issues);
  const id = digest('policy', meaningOfDocument(read));
  const rulesFor = ruleResolver(read);
  const decider: Decider = { name, read, id, report };
  return {
    name,
    layer: read.enforcement === 'shadow' ? 'restricts' : read.layer,
    rules: Object.freeze(read.rules.map((rule) => rule.id)),
    opaque: Object.freeze(read.rules.flatMap((rule) => (rule.when === undefined ? [] : rule.id))),
    digest: () => id,
    needs: needsOf(read),
    resolve: (tool) => rulingFor(decider, rulesFor(tool), tool.flipped),
    explain: (call) => {
      const given = ownOf(call);
      const explained = callOf(given);
      return explainVerdict({
        rules: rulesFor(explained),
        enforcement: read.enforcement,
        policy: id,
        call: explained,
        context: given.context ?? {},
      });
    },
    checkCapability(capability, resource) {
      const { effect, reason } = aboutCapability(read.capabilities, capability, resource);
      const ground = { policy: id, reason, rule: undefined };
      return effect === 'allow' ? allowed(ground) : denied(ground);
    },
    labelsOf: (tool) => read.flow?.of(tool).labels,
  };
}

/** What is required by what is in force; where values come from is observed, too. */
function needsOf({ rules, flow, enforcement }: ReadDocument): Needs {
  if (enforcement === 'shadow') return NO_REQUIREMENT;
  const inForce = enforcement === 'enforce' ? rules.filter(({ shadow }) => !shadow) : [];
  const needs = uniteRequires(inForce.flatMap(({ demands }) => demands?.requires ?? []));
  return flow === undefined ? needs : Object.freeze({ ...needs, dataFlow: true });
}

interface Decider {
  readonly name: string;
  readonly read: ReadDocument;
  readonly id: Digest;
  readonly report: CompileOptions['report'];
}

function rulingFor(
  decider: Decider,
  rules: ToolRules,
  flipped: ToolInfo['flipped'] | undefined,
): Ruling {
  const {
    read: { enforcement },
    id,
    report,
  } = decider;
  const fixed = enforcement === 'shadow' ? NO_OPINION : fixedVerdict(rules);
  const mayFlip = rules.shadows.length > 0 || enforcement !== 'enforce';
  const watched = mayFlip && (report !== undefined || flipped !== undefined);
  // What is only tried out changes nothing, not even which tools are known to be denied.
  if (fixed !== undefined && (!watched || enforcedEffect(fixed, rules, enforcement) === 'deny')) {
    const { verdict, demands } = withDemands(fixed, rules, enforcement, undefined, () => true);
    // What is counted may depend on the call.
    if (verdict === fixed) return decisionOf(fixed, rules, enforcement, id, demands);
  }
  const decide = decisionsOf((verdict) => decisionOf(verdict, rules, enforcement, id));
  return (call, context) => {
    const applies = (rule: Rule): Truth => appliesTo(rule, call, context);
    const { verdict, demands } = judge(rules, enforcement, call, applies);
    const decision =
      demands === NO_DEMANDS
        ? decide(verdict)
        : decisionOf(verdict, rules, enforcement, id, demands);
    if (report !== undefined || watched) {
      tellOf(decider, { rules, enforcement, policy: id, call, context }, verdict, flipped);
    }
    return decision;
  };
}

/** What one rule allows is the same decision every time, and most often it is the same rule. */
function decisionsOf(make: (verdict: Verdict) => Opinion): (verdict: Verdict) => Opinion {
  const known = new Map<Rule, Opinion>();
  let last: { readonly rule: Rule; readonly decision: Opinion } | undefined;
  return (verdict) => {
    if (verdict.kind !== 'rule-allows') return make(verdict);
    const { rule } = verdict;
    if (last?.rule === rule) return last.decision;
    const decision = known.get(rule) ?? make(verdict);
    known.set(rule, decision);
    last = { rule, decision };
    return decision;
  };
}

/** Explains what was not simply allowed, or would not be with more of the policy in force. */
function tellOf(
  { name, report }: Decider,
  explained: Explained,
  verdict: Verdict,
  flipped: ToolInfo['flipped'] | undefined,
): void {
  const { rules, enforcement, call, context } = explained;
  const applies = (rule: Rule): Truth => appliesTo(rule, call, context);
  const flips = flipsOf(explained, verdict, applies);
  for (const { rule, from, would } of flips) {
    const named = rule === undefined ? {} : { rule };
    ignoreFailure(() => flipped?.(call, context, { policy: name, ...named, from, would }));
  }
  const effect = enforcedEffect(verdict, rules, enforcement);
  const restricted = effect === 'ask' || effect === 'deny';
  if (restricted || flips.length > 0) ignoreFailure(() => report?.(explainVerdict(explained)));
}

/** A polluted prototype says nothing. */
function ownOf<T extends object>(given: T): T {
  return Object.assign(Object.create(null) as T, given);
}

/** A call as the pipeline would hand it on, for explanations. */
function callOf({
  tool,
  source = 'app',
  args = {},
  facts,
  flow,
}: ExplainedCall): ToolCall & ToolInfo {
  const identity = { source, name: tool };
  return {
    rid: '',
    id: '',
    tool: identity,
    identity,
    facts: factsOf(tool, { stated: facts }),
    args,
    confined: args,
    labels: [],
    ...(flow === undefined ? {} : { flow }),
  };
}
