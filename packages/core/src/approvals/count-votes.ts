import type { Vote } from './approval.ts';
import type { Requirements, VoteRequirement } from './requirements.ts';

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

/** Whether any requirement counts the voter, were the vote an approval. */
export function isNamed(
  { votes }: Requirements,
  vote: Vote,
  requester: string | undefined,
): boolean {
  return votes.some((requirement) => counts(requirement, vote, requester));
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
