import { canonical } from '../canonical.ts';
import type { Vote } from './approval.ts';

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
  readonly grants: readonly string[];
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
  const votes = new Map(all.flatMap((r) => r.votes).map((vote) => [canonical(vote), vote]));
  const expiries = all.flatMap((r) => (r.expiresMs === undefined ? [] : [r.expiresMs]));
  return Object.freeze({
    votes: Object.freeze([...votes.values()]),
    ...(expiries.length === 0 ? {} : { expiresMs: Math.min(...expiries) }),
    editable: common(all.map((r) => r.editable)),
    grants: common(all.map((r) => r.grants)),
  });
}

function common(lists: ReadonlyArray<readonly string[]>): readonly string[] {
  const [first = [], ...rest] = lists;
  return Object.freeze(first.filter((item) => rest.every((list) => list.includes(item))));
}

const ROLE = 'role:';

/** Whether the voter is one whom the requirement counts; nobody approves a request of their own. */
function counts(requirement: VoteRequirement, vote: Vote, requester: string | undefined): boolean {
  if (requirement.kind === 'confirm') return vote.voter === requester;
  const { voter, roles = [] } = vote;
  if (voter === undefined || voter === requester) return false;
  return requirement.by.some((name) =>
    // An id that looks like a role is not one.
    name.startsWith(ROLE) ? roles.includes(name.slice(ROLE.length)) : name === voter,
  );
}

/** The first requirement that the votes do not meet yet; `undefined` when all are met. */
export function unmet(
  requirements: Requirements,
  votes: readonly Vote[],
  requester: string | undefined,
): VoteRequirement | undefined {
  const approving = votes.filter((vote) => vote.verdict === 'approve');
  return requirements.votes.find((requirement) => {
    const voters = approving.filter((vote) => counts(requirement, vote, requester));
    const people = new Set(voters.map((vote) => vote.voter));
    return people.size < (requirement.kind === 'confirm' ? 1 : requirement.quorum);
  });
}

/** A requirement in words, for messages and prompts. */
export function describeRequirement(requirement: VoteRequirement): string {
  if (requirement.kind === 'confirm') return 'confirmation by the requester';
  return `${requirement.quorum} of ${requirement.by.join(', ')}`;
}
