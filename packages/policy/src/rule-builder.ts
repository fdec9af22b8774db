import type { CallContext, Conditions, GrantScope, Principal, ToolCall } from '@guardstile/core';

import type {
  LimitDocument,
  OnExpiry,
  PolicyDocument,
  RuleDocument,
  RuleObligation,
  Who,
} from './document.ts';
import type { AnyArgs, ArgsOf, NameOf } from './infer-args.ts';
import type { WhereOf } from './typed-where.ts';

/** Makes rules about the tools: `t.refund.allow({ … })`, `t.$match('github_*').deny({ … })`. */
export type RuleBuilder<Tools, Attributes> = Tools extends readonly (infer Tool)[]
  ? ListRules<Tool, Attributes> & Matching<NameOf<Tool>, Attributes>
  : RecordRules<Tools, Attributes> & Matching<keyof Tools & string, Attributes>;

type RecordRules<Tools, Attributes> = {
  readonly [Name in keyof Tools]: ToolRuleBuilder<ArgsOf<Tools[Name]>, Attributes>;
};

type ListRules<Tool, Attributes> = {
  readonly [One in Tool as NameOf<One>]: ToolRuleBuilder<ArgsOf<One>, Attributes>;
};

interface Matching<Names extends string, Attributes> {
  /** Rules about every tool whose name fits; `*` stands for any letters. */
  $match<Pattern extends string>(
    pattern: MatchingPattern<Pattern, Names>,
  ): ToolRuleBuilder<AnyArgs, Attributes>;
}

/** Rules about one tool. */
export interface ToolRuleBuilder<Args, Attributes> {
  /** Lets calls run; with `approvers` or another need of an ask, once somebody agreed. */
  allow(rule: AllowRule<Args, Attributes>): RuleDocument;
  /** Calls that are allowed need somebody to agree. Allows nothing by itself. */
  ask(rule: AllowRule<Args, Attributes>): RuleDocument;
  deny(rule: DenyRule<Args, Attributes>): RuleDocument;
}

/** What has the same type for every tool, so that the compiler reads it once. */
interface AnyRule {
  /** Unique within the policy, and stable: it is written into the audit log. */
  readonly id: string;
  readonly who?: Who;
  /** @default 'enforce' */
  readonly mode?: 'enforce' | 'shadow';
  /** Shown to people and to the model. */
  readonly reason?: string;
  /** Source of the tool. @default 'app' for a rule that allows, any for one that asks or denies */
  readonly source?: string;
}

interface AnyAsk extends AnyRule {
  /** Ids or `role:NAME`. @default the requester confirms */
  readonly approvers?: string | readonly string[];
  /** How many different people. @default 1 */
  readonly quorum?: number;
  /** Such as `30m`, `4h` or `2d`, or milliseconds. */
  readonly expires?: string | number;
  /** What becomes of an ask that nobody answers in time. @default 'deny' */
  readonly onExpiry?: OnExpiry;
  /** How far an approval may reach beyond this one call. */
  readonly grants?: readonly GrantScope[];
  /** What is done with the result; that of all rules about a call is done. */
  readonly obligations?: readonly RuleObligation[];
  /** Sandbox and log that have to be there before a call runs; the strongest of all rules about it. */
  readonly requires?: Conditions;
}

export interface DenyRule<Args, Attributes> extends AnyRule {
  readonly where?: WhereOf<Args>;
  /** Whether the rule is about this call; explanations cannot look into it. */
  readonly when?: (args: Args, context: RuleContext<Attributes>, call: ToolCall) => boolean;
}

/** A rule that allows or asks. */
export interface AllowRule<Args, Attributes> extends AnyAsk {
  readonly where?: WhereOf<Args>;
  /** Whether the rule is about this call; explanations cannot look into it. */
  readonly when?: (args: Args, context: RuleContext<Attributes>, call: ToolCall) => boolean;
  /** Argument fields that an approver may change. */
  readonly editable?: ReadonlyArray<keyof Args & string>;
  /** What a call uses up. It does not run where too little is left. */
  readonly limits?: ReadonlyArray<LimitDocument<keyof Args & string>>;
}

/** Whoever looks for a principal that is not there makes the rule fail, which counts against the call. */
export interface RuleContext<Attributes> extends Omit<CallContext, 'principal'> {
  readonly principal: Omit<Principal, 'attributes'> & { readonly attributes: Attributes };
}

/** The pattern itself, or a type that says why it is none. */
type MatchingPattern<Pattern extends string, Names extends string> = string extends Names
  ? Pattern
  : Extract<Names, AsTemplate<Pattern>> extends never
    ? `"${Pattern}" matches none of the tools`
    : Pattern;

/** `github_*` as the type of all texts that fit. */
type AsTemplate<Pattern extends string> = Pattern extends `${infer Before}*${infer After}`
  ? `${Before}${string}${AsTemplate<After>}`
  : Pattern;

/** The rest of a policy in code, beside its rules. */
export type PolicyParts = Omit<PolicyDocument, 'rules'>;
