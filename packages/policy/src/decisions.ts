import type {
  AllowDecision,
  AskDecision,
  DenyDecision,
  Digest,
  Requirements,
} from '@guardstile/core';

import { type Demands, NO_DEMANDS } from './demands.ts';

/** Who says so, and why. */
export interface Ground {
  readonly policy: Digest;
  readonly reason: string;
  readonly rule: string | undefined;
}

function base(
  { policy, reason, rule }: Ground,
  { obligations, limits, requires }: Demands,
): Omit<AllowDecision, 'effect'> {
  return {
    policy,
    reason,
    ...(rule === undefined ? {} : { rule }),
    obligations,
    limits,
    conditions: requires,
  };
}

export function allowed(ground: Ground, demands: Demands = NO_DEMANDS): AllowDecision {
  return Object.freeze({ effect: 'allow', ...base(ground, demands) });
}

export function asked(
  ground: Ground,
  requirements: Requirements,
  demands: Demands = NO_DEMANDS,
): AskDecision {
  return Object.freeze({ effect: 'ask', requirements, ...base(ground, demands) });
}

export function denied(ground: Ground): DenyDecision {
  return Object.freeze({ effect: 'deny', code: 'denied', ...base(ground, NO_DEMANDS) });
}
