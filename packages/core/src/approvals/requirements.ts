import { canonical } from '../canonical.ts';
import type { GrantScope } from './grant.ts';

/**
 * Who has to agree. `confirm` is the requester; `approvers` are others, named by id or as
 * `role:NAME`, of whom `quorum` different people must agree.
 */
export type VoteRequirement =
  | { readonly kind: 'confirm' }
  | { readonly kind: 'approvers'; readonly by: readonly string[]; readonly quorum: number };

/** What an ask needs before the call may run. */
export interface Requirements {
  /** All of them have to be met. */
  readonly votes: readonly VoteRequirement[];
  /** How long the approval may stay unused, in milliseconds; never longer than the guard's own limit. */
  readonly expiresMs?: number;
  /** Top-level argument fields that an approver may change. */
  readonly editable: readonly string[];
  /** How far an approval may reach beyond this one call. */
  readonly grants: readonly GrantScope[];
  /** Ids of the rules that ask. A grant answers those that it names. */
  readonly rules?: readonly string[];
  /**
   * What becomes of an ask that nobody answered in time: it denies, it waits for a late answer while
   * the run is over, or the people of `escalateTo` may answer too, for the same time again.
   *
   * @default 'deny'
   */
  readonly onExpiry?: 'deny' | 'park' | 'escalate';
  /** By id or as `role:NAME`. */
  readonly escalateTo?: readonly string[];
}

/** The requester confirms, once, unchanged. */
export const CONFIRM: Requirements = Object.freeze({
  votes: Object.freeze([Object.freeze({ kind: 'confirm' as const })]),
  editable: Object.freeze([]),
  grants: Object.freeze([]),
});

/** All of them together: votes by conjunction, shortest expiry, common editable fields and grants. */
export function combineRequirements(all: readonly Requirements[]): Requirements {
  const [first, ...rest] = all;
  if (first === undefined || rest.length === 0) return first ?? CONFIRM;
  const rules = [...new Set(all.flatMap((r) => r.rules ?? []))];
  const votes = new Map(all.flatMap((r) => r.votes).map((vote) => [canonical(vote), vote]));
  const expiries = all.flatMap((r) => (r.expiresMs === undefined ? [] : [r.expiresMs]));
  return Object.freeze({
    votes: Object.freeze([...votes.values()]),
    ...(expiries.length === 0 ? {} : { expiresMs: Math.min(...expiries) }),
    editable: common(all.map((r) => r.editable)),
    grants: common(all.map(grantable)),
    ...(rules.length === 0 ? {} : { rules: Object.freeze(rules) }),
    ...combineExpiry(all),
  });
}

/** What a grant may reach: it names the rules that it answers, so that an unnamed ask has none. */
export function grantable({ grants, rules = [] }: Requirements): readonly GrantScope[] {
  return rules.length === 0 ? [] : grants;
}

/** Only what all of them say when nobody answers; otherwise it denies. */
function combineExpiry(
  all: readonly Requirements[],
): Pick<Requirements, 'onExpiry' | 'escalateTo'> {
  const [onExpiry = 'deny', ...others] = new Set(all.map((r) => r.onExpiry ?? 'deny'));
  if (onExpiry === 'deny' || others.length > 0) return {};
  if (onExpiry === 'park') return { onExpiry };
  const escalateTo = common(all.map((r) => r.escalateTo ?? []));
  return escalateTo.length === 0 ? {} : { onExpiry, escalateTo };
}

/** What is required once nobody answered in time: the others may answer too. */
export function escalate(requirements: Requirements): Requirements {
  const { votes, escalateTo = [] } = requirements;
  const wider = votes.map((vote) =>
    vote.kind === 'confirm'
      ? vote
      : Object.freeze({ ...vote, by: Object.freeze([...new Set([...vote.by, ...escalateTo])]) }),
  );
  return Object.freeze({ ...requirements, votes: Object.freeze(wider) });
}

function common<T>(lists: ReadonlyArray<readonly T[]>): readonly T[] {
  const [first = [], ...rest] = lists;
  return Object.freeze(first.filter((item) => rest.every((list) => list.includes(item))));
}

/** A requirement in words, for messages and prompts. */
export function describeRequirement(requirement: VoteRequirement): string {
  if (requirement.kind === 'confirm') return 'confirmation by the requester';
  return `${requirement.quorum} of ${requirement.by.join(', ')}`;
}

/** All of them in words. */
export function describeRequirements({ votes }: Requirements): string {
  return votes.map(describeRequirement).join(' and ');
}

/** How long the approval may stay unused, where the ask says it. */
export function expiryOf(requirements: Requirements): number | undefined {
  return Object.hasOwn(requirements, 'expiresMs') ? requirements.expiresMs : undefined;
}
