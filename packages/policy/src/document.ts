import type {
  Conditions,
  Effect,
  GrantScope,
  LimitClaim,
  Mode,
  Obligation,
} from '@guardstile/core';

import type { CapabilitiesDocument } from './capabilities/document.ts';
import type { FlowDocument } from './flow/document.ts';

/** A policy as plain data. The only thing in it that is no data is a rule's `when`. */
export interface PolicyDocument {
  /** Whether it says what is allowed (default deny) or only restricts. @default 'grants' */
  readonly layer?: 'grants' | 'restricts';
  /** @default 'enforce' */
  readonly enforcement?: Enforcement;
  /** What happens with a call that no rule allows. @default 'deny' */
  readonly default?: Effect;
  /** The same by what a tool does. A document has one of both. */
  readonly mode?: Mode;
  /** Only these tools may run, and still only as rules and mode say. `[]` permits nothing. */
  readonly allow?: readonly string[];
  /** These tools never run. */
  readonly deny?: readonly string[];
  /** These tools run only where `allow` names them. */
  readonly optional?: readonly string[];
  readonly capabilities?: CapabilitiesDocument;
  readonly rules?: readonly RuleDocument[];
  /** Where values may come from and go to. The guard needs a `dataFlow`. */
  readonly flow?: FlowDocument;
}

/**
 * How much of a policy is in force:
 * - `enforce`: all of it
 * - `observe`: explicit denials; what else it would ask or deny is reported, and runs; nothing is demanded
 * - `shadow`: nothing; it is a layer without an opinion that reports what it would have said
 */
export type Enforcement = 'enforce' | 'observe' | 'shadow';

/** One rule. What allows grants; what asks or denies only takes away. */
export interface RuleDocument {
  /** Unique within the policy, and stable: it is written into the audit log. */
  readonly id: string;
  readonly effect: Effect;
  /** Name of a tool, or a pattern with `*`; several mean any of them. */
  readonly tool: string | readonly string[];
  /** Source of the tool. @default 'app' for a rule that allows, any for one that asks or denies */
  readonly source?: string;
  readonly who?: Who;
  readonly where?: Where;
  /** A function of the call. It cannot be looked into, so explanations call it opaque. */
  readonly when?: When;
  /** @default 'enforce' */
  readonly mode?: 'enforce' | 'shadow';
  /** Who has to agree, on a rule that asks, or that allows only with somebody's approval. */
  readonly approve?: Approve;
  /** What is done with the result, on a rule that allows or asks; that of all such rules is done. */
  readonly obligations?: readonly RuleObligation[];
  /** What a call uses up, on a rule that allows or asks. It does not run where too little is left. */
  readonly limits?: readonly LimitDocument[];
  /** Sandbox and log that have to be there before a call runs, on a rule that allows or asks. */
  readonly requires?: Conditions;
  /** Shown to people and to the model. */
  readonly reason?: string;
}

/** Where results come from is said by `flow`, for all calls of a tool. */
export type RuleObligation = Exclude<Obligation, { readonly type: 'origins' }>;

/** Answers whether the rule is about this call. Anything but `true` and `false` counts as a failure. */
export type When = (args: never, context: never, call: never) => boolean;

/** On whose behalf, and by whom. Every part has to fit; several values mean any of them. */
export interface Who {
  readonly id?: string | readonly string[];
  readonly role?: string | readonly string[];
  readonly tenant?: string | readonly string[];
  readonly agent?: string | readonly string[];
}

/** How often, or how much of something, within a time. */
export interface LimitDocument<Field extends string = string> extends Omit<
  LimitClaim,
  'amount' | 'windowMs'
> {
  /** How much a call uses: a number, or the value of a field, a whole number above 0. @default 1 */
  readonly amount?: number | { readonly from: Field };
  /**
   * Such as `30m`, `4h` or `2d`, or milliseconds. Slides. `running`: what a call uses is free again as
   * soon as it is over, so that `max` is how many may run at once.
   */
  readonly window: string | number;
}

/** By id or as `role:NAME`. */
export type OnExpiry = 'deny' | 'park' | { readonly escalateTo: string | readonly string[] };

/** What an ask needs. */
export interface Approve {
  /** Ids or `role:NAME`. @default the requester confirms */
  readonly by?: string | readonly string[];
  /** How many different people. @default 1 */
  readonly quorum?: number;
  /** Such as `30m`, `4h` or `2d`, or milliseconds. */
  readonly expires?: string | number;
  /**
   * What becomes of an ask that nobody answers in time: it denies, it waits for a late answer, or these
   * people may answer too, for the same time again.
   *
   * @default 'deny'
   */
  readonly onExpiry?: OnExpiry;
  /** Top-level argument fields that an approver may change. */
  readonly editable?: readonly string[];
  /** How far an approval may reach beyond this one call. */
  readonly grants?: readonly GrantScope[];
}

/** Conditions by field of the arguments. All of them have to hold. */
export interface Where {
  readonly [field: string]: Condition | undefined;
}

export type Literal = string | number | boolean | null;

/** What a value has to be: the value itself, or operators that all have to hold. */
export type Condition = Literal | Operators;

export interface Operators {
  readonly eq?: Literal;
  readonly in?: readonly Literal[];
  readonly lt?: number;
  readonly lte?: number;
  readonly gt?: number;
  readonly gte?: number;
  readonly startsWith?: string;
  readonly endsWith?: string;
  /** A regular expression (RE2 syntax) that the whole text has to match, in linear time. */
  readonly matches?: string;
  /** Holds for every item of a list, of an empty one too. */
  readonly every?: Condition;
  readonly some?: Condition;
  /** Whether the field is there. Nothing else is known of a field that is not. */
  readonly exists?: boolean;
  readonly not?: Condition;
  /** The fields of an object. */
  readonly where?: Where;
  readonly path?: string | readonly string[] | PathCondition;
  readonly domain?: string | readonly string[];
  readonly email?: string | readonly string[];
  readonly command?: string | readonly CommandPattern[];
  readonly amount?: AmountCondition;
}

/** A path, resolved without looking at the disk. */
export interface PathCondition {
  /** Directories; the path has to be one of them or below one. */
  readonly under?: string | readonly string[];
  /** Patterns with `*`, `?` and `**`; the path has to match one of them. */
  readonly glob?: string | readonly string[];
  /** The absolute directory that relative paths start from. */
  readonly base?: string;
}

/** A raw command line, or the words of one: `*` is any one word, a last `**` any further words. */
export type CommandPattern = string | readonly string[];

/** Exact amounts: whole numbers of the smallest unit, or decimals as text. Never both at once. */
export interface AmountCondition {
  readonly eq?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
  readonly gt?: number | string;
  readonly gte?: number | string;
}
