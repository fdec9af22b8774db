import type { CallContext, ToolCall, ToolIdentity } from '../call.ts';
import type { Decision, Effect, Needs } from '../decision.ts';
import type { Digest } from '../digest.ts';
import type { ToolFacts } from '../facts.ts';
import type { MaybePromise, MaybePromiseAnswer } from '../steps.ts';

/** What is known of a tool before it is called. */
export interface ToolInfo {
  readonly identity: ToolIdentity;
  readonly facts: ToolFacts;
  /** Told of calls on which what is only tried out would have changed the verdict. */
  readonly flipped?: (call: ToolCall, context: CallContext, flip: PolicyFlip) => void;
}

/** What a call would have been decided with more in force; `none` is no opinion. */
export interface PolicyFlip {
  /** Name of the policy that says so. */
  readonly policy: string;
  /** The rule that would have to be in force; absent for the whole policy. */
  readonly rule?: string;
  readonly from: Effect | 'none';
  readonly would: Effect | 'none';
}

/** A policy's opinion of one call; `undefined` is no opinion. */
export type Opinion = Decision | undefined;

/** What a policy says of one tool: an opinion that holds for every call, or a function of the call. */
export type Ruling = Opinion | ((call: ToolCall, context: CallContext) => MaybePromise<Opinion>);

/**
 * Decides what may happen. A policy that `grants` says what is allowed, and having no opinion
 * denies; one that `restricts` can only add asks and denials, and having no opinion changes nothing.
 */
export interface Policy {
  readonly name: string;
  readonly layer: 'grants' | 'restricts';
  /** Names what the policy says in this context now; changes when that changes. */
  digest(context: CallContext): Digest;
  /**
   * The most that its decisions may demand: a guard whose parts cannot honour that refuses the
   * policy at once, instead of every call.
   */
  readonly needs?: Needs;
  /** Resolved once per tool, so that the number of rules costs nothing per call. */
  resolve(tool: ToolInfo): Ruling;
  /**
   * Tells of changes while the policy is in use. A policy that can wait makes the change once every
   * listener is done, whose promise it waits for, and not where one fails. Returns its undo.
   */
  onChange?(listener: (change: PolicyChange) => unknown): () => void;
}

/** A change of a policy in use. */
export interface PolicyChange {
  readonly policy: string;
  /** What changed, in words, such as `policy of user alice replaced`. */
  readonly change: string;
  readonly from: Digest | undefined;
  readonly to: Digest | undefined;
  /** What the policy needs once it is changed. */
  readonly needs?: Needs;
}

/** A function that decides; see {@link PolicyAnswer} for what it may answer. */
export type PolicyFunction = (
  call: ToolCall,
  context: CallContext,
) => MaybePromiseAnswer<PolicyAnswer | undefined>;

/** What a function may answer. Anything else, nothing and a thrown error deny. */
export type PolicyAnswer =
  | 'allow'
  | 'ask'
  | 'deny'
  | (Partial<Pick<Decision, 'reason' | 'rule' | 'obligations' | 'limits' | 'conditions'>> & {
      readonly effect: 'allow' | 'ask' | 'deny';
      /** Who has to agree to an ask. @default the requester confirms */
      readonly requirements?: Partial<import('../approvals/requirements.ts').Requirements>;
    });

export type PolicyInput = Policy | PolicyFunction;
