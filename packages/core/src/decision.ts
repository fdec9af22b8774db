import type { Digest } from './digest.ts';
import type { GuardErrorCode } from './errors.ts';
import type { Durability } from './audit/log.ts';
import type { Requirements } from './approvals/requirements.ts';
import type { LimitClaim } from './limits/limits.ts';
import type { Obligation } from './obligations.ts';
import type { Guarantees } from './sandbox/guarantees.ts';

/** From least to most restrictive. */
export type Effect = 'allow' | 'ask' | 'deny';

/** What must be in force before the tool runs. */
export interface Conditions {
  /** Weakest sandbox guarantees that are good enough, per dimension. */
  readonly sandbox?: Partial<Guarantees>;
  /** Weakest durability of the allow entry that is good enough. */
  readonly durability?: Durability;
}

/** What a guard has to have for a policy to be of use. */
export interface Needs extends Conditions {
  /** Knowing where values came from. */
  readonly dataFlow?: true;
}

interface DecisionBase {
  readonly reason: string;
  /** Id of the rule that decided, where there are rules. */
  readonly rule?: string;
  /** Digest of the policy that decided. */
  readonly policy: Digest;
  readonly obligations: readonly Obligation[];
  readonly limits: readonly LimitClaim[];
  readonly conditions: Conditions;
}

export interface AllowDecision extends DecisionBase {
  readonly effect: 'allow';
}

export interface AskDecision extends DecisionBase {
  readonly effect: 'ask';
  readonly requirements: Requirements;
}

export interface DenyDecision extends DecisionBase {
  readonly effect: 'deny';
  /** Why in a word: `denied` where a policy said so, else what failed. */
  readonly code: GuardErrorCode;
}

/** What is to happen with a call. */
export type Decision = AllowDecision | AskDecision | DenyDecision;

const NOTHING: readonly never[] = Object.freeze([]);
const NO_CONDITIONS: Conditions = Object.freeze({});

type Extras = Partial<Pick<DecisionBase, 'rule' | 'obligations' | 'limits' | 'conditions'>>;

function base(policy: Digest, reason: string, extras: Extras): DecisionBase {
  return {
    policy,
    reason,
    obligations: NOTHING,
    limits: NOTHING,
    conditions: NO_CONDITIONS,
    ...extras,
  };
}

export function allow(policy: Digest, reason: string, extras: Extras = {}): AllowDecision {
  return Object.freeze({ effect: 'allow', ...base(policy, reason, extras) });
}

export function ask(
  policy: Digest,
  reason: string,
  requirements: Requirements,
  extras: Extras = {},
): AskDecision {
  return Object.freeze({ effect: 'ask', requirements, ...base(policy, reason, extras) });
}

export function deny(
  policy: Digest,
  reason: string,
  code: GuardErrorCode = 'denied',
  extras: Extras = {},
): DenyDecision {
  return Object.freeze({ effect: 'deny', code, ...base(policy, reason, extras) });
}
