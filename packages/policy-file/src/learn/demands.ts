import {
  canonical,
  type Decision,
  describeRequirement,
  type LimitClaim,
  type Obligation,
  type Requirements,
  type VoteRequirement,
} from '@guardstile/core';

/** What a call needs beside its verdict. */
export interface Demands {
  /** Of an ask. */
  readonly requirements: Omit<Requirements, 'rules'> | undefined;
  readonly obligations: readonly Obligation[];
  readonly limits: readonly LimitClaim[];
}

/** What a decision demands; a denial demands nothing. */
export function demandsOf(decision: Decision | undefined): Demands {
  if (decision === undefined || decision.effect === 'deny') {
    return { requirements: undefined, obligations: [], limits: [] };
  }
  const { limits } = decision;
  // Where results come from is a statement, as facts are; no call needs anything for it.
  const obligations = decision.obligations.filter(({ type }) => type !== 'origins');
  if (decision.effect !== 'ask') return { requirements: undefined, obligations, limits };
  // Which rules ask is the ground, not what is needed.
  const { rules: _rules, ...requirements } = decision.requirements;
  return { requirements, obligations, limits };
}

/** Demands in words, one each. */
export function describeDemands({ requirements, obligations, limits }: Demands): readonly string[] {
  return [
    ...(requirements?.votes ?? []).map(describeRequirement),
    ...(requirements?.expiresMs === undefined ? [] : [`within ${requirements.expiresMs} ms`]),
    ...(requirements?.editable ?? []).map((field) => `${field} may be edited`),
    ...(requirements?.grants ?? []).map((grant) => `a grant for ${grant}`),
    ...obligations.map((obligation) => JSON.stringify(obligation)),
    ...limits.map(({ id, max }) => `limit ${id} of ${max}`),
  ];
}

export function sameDemands(a: Demands, b: Demands): boolean {
  return textOf(a) === textOf(b);
}

function textOf({ requirements, obligations, limits }: Demands): string {
  const sorted = (list: readonly unknown[]): readonly string[] => list.map(canonical).toSorted();
  return canonical([
    requirements === undefined
      ? null
      : {
          ...requirements,
          votes: sorted(requirements.votes),
          editable: sorted(requirements.editable),
          grants: sorted(requirements.grants),
        },
    sorted(obligations),
    sorted(limits),
  ]);
}

/** Whether whatever meets the second demands meets the first. What is not known to does not. */
export function demandsAsMuch(before: Demands, after: Demands): boolean {
  return (
    holdsAll(before.obligations, after.obligations) &&
    holdsAll(before.limits, after.limits) &&
    requiresAsMuch(before.requirements, after.requirements)
  );
}

function holdsAll(needed: readonly unknown[], given: readonly unknown[]): boolean {
  const texts = new Set(given.map(canonical));
  return needed.every((one) => texts.has(canonical(one)));
}

function requiresAsMuch(before: Demands['requirements'], after: Demands['requirements']): boolean {
  if (before === undefined || after === undefined) return before === undefined;
  const { votes, expiresMs = Infinity, editable, grants, ...rest } = before;
  const { votes: nowVotes, expiresMs: nowMs = Infinity, ...now } = after;
  const { editable: nowEditable, grants: nowGrants, ...nowRest } = now;
  return (
    votes.every((vote) => nowVotes.some((one) => implies(one, vote))) &&
    nowMs <= expiresMs &&
    holdsAll(nowEditable, editable) &&
    holdsAll(nowGrants, grants) &&
    canonical(nowRest) === canonical(rest)
  );
}

function implies(given: VoteRequirement, needed: VoteRequirement): boolean {
  if (given.kind !== 'approvers' || needed.kind !== 'approvers') return given.kind === needed.kind;
  return given.quorum >= needed.quorum && given.by.every((name) => needed.by.includes(name));
}
