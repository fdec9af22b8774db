import type {
  AllowDecision,
  AskDecision,
  Decision,
  DenyDecision,
  Digest,
  Requirements,
} from '@guardstile/core';

const NOTHING: readonly never[] = Object.freeze([]);
const NO_CONDITIONS: Decision['conditions'] = Object.freeze({});

/** Who says so, and why. */
export interface Ground {
  readonly policy: Digest;
  readonly reason: string;
  readonly rule: string | undefined;
}

function base({ policy, reason, rule }: Ground): Omit<AllowDecision, 'effect'> {
  return {
    policy,
    reason,
    ...(rule === undefined ? {} : { rule }),
    obligations: NOTHING,
    limits: NOTHING,
    conditions: NO_CONDITIONS,
  };
}

export function allowed(ground: Ground): AllowDecision {
  return Object.freeze({ effect: 'allow', ...base(ground) });
}

export function asked(ground: Ground, requirements: Requirements): AskDecision {
  return Object.freeze({ effect: 'ask', requirements, ...base(ground) });
}

export function denied(ground: Ground): DenyDecision {
  return Object.freeze({ effect: 'deny', code: 'denied', ...base(ground) });
}
