import type { Approval, ApprovalRefusal, Digest, Vote } from '@guardstile/core';
import { approvalLifecycle } from '@guardstile/core';

import { BINDINGS, draftOf, editBy, RIGHT, voteOf } from './draft.ts';

// Everything that two approvers, two consumers and a clock can do to one approval, in every order,
// on the functions that every store keeps. What must never happen is specified in a second place,
// from a history of what was done, and knows nothing of how the functions work.

/** What is checked: the functions that every store keeps, or broken ones. */
export type Lifecycle = Pick<
  typeof approvalLifecycle,
  'atTime' | 'isRepeated' | 'toCancelled' | 'toConsumed' | 'withEdit' | 'withVote'
>;

export interface Scenario {
  readonly name: string;
  readonly quorum: number;
  readonly onExpiry: 'deny' | 'park' | 'escalate';
  /** Whether the requester has to confirm as well. */
  readonly confirm: boolean;
}

/** What happened, as somebody saw who only watched. */
export interface History {
  /** Who approved which arguments, since they were last changed; by a specification of its own. */
  readonly approving: readonly string[];
  readonly digest: Digest;
  readonly denied: boolean;
  /** Whether an approval was counted for other arguments than its voter saw. */
  readonly misled: boolean;
  /** Claims that were told that they may run. */
  readonly ran: readonly string[];
  /** Which arguments a consume was granted for. */
  readonly consumed: readonly Digest[];
  /** How often the time was over. */
  readonly expiries: number;
  /** How often it had been over when the approval was given. */
  readonly approvedAt: number | undefined;
}

/** What somebody looked at before acting on it: others may have been quicker. */
export interface World {
  readonly approval: Approval;
  readonly claim: string | undefined;
  readonly now: number;
  /** The version that each approver looked at. */
  readonly seen: Readonly<Record<string, { readonly version: number; readonly digest: Digest }>>;
  /** Consumers that began and have not heard the answer. */
  readonly waiting: readonly string[];
  readonly history: History;
}

export interface Move {
  readonly name: string;
  /** What becomes of the world; `undefined` where it cannot happen. */
  readonly to: (world: World) => World | undefined;
}

const EXPIRES_MS = 10;
const OTHER = editBy('ben', { cents: 2 }).vote.digest;

export function worldOf({ quorum, onExpiry, confirm }: Scenario): World {
  const requirements = {
    votes: [
      { kind: 'approvers', by: ['ben', 'cas'], quorum },
      ...(confirm ? [{ kind: 'confirm' } as const] : []),
    ],
    editable: ['cents'],
    grants: [],
    onExpiry,
    escalateTo: ['dan'],
  } as const;
  const approval = approvalLifecycle.newApproval(
    draftOf('a', { requirements, expiresMs: EXPIRES_MS }),
    0,
  );
  const history: History = {
    approving: [],
    digest: RIGHT,
    denied: false,
    misled: false,
    ran: [],
    consumed: [],
    expiries: 0,
    approvedAt: undefined,
  };
  return { approval, claim: undefined, now: 0, seen: {}, waiting: [], history };
}

/** All that can happen in a scenario. */
export function movesOf(
  { confirm, onExpiry }: Scenario,
  { atTime, isRepeated, toCancelled, toConsumed, withEdit, withVote }: Lifecycle,
): readonly Move[] {
  /** A store's step: what time has made of it, then what was asked for; and whether it was taken. */
  function kept(
    world: World,
    to: (approval: Approval) => Approval | ApprovalRefusal,
  ): { readonly after: World; readonly took: boolean } {
    const current = atTime(world.approval, world.now);
    const next = to(current);
    const took = typeof next !== 'string';
    const approval = took ? next : current;
    const { history } = world;
    const approvedAt = approval.state === 'approved' ? history.expiries : undefined;
    const first = history.approvedAt ?? approvedAt;
    return { after: { ...world, approval, history: { ...history, approvedAt: first } }, took };
  }

  const look = (who: string): Move => ({
    name: `${who} looks`,
    to(world) {
      const approval = atTime(world.approval, world.now);
      const { version, bindings } = approval;
      const seen = { ...world.seen, [who]: { version, digest: bindings.digest } };
      return { ...world, approval, seen };
    },
  });

  const vote = (who: string, verdict: Vote['verdict']): Move => ({
    name: `${who} votes ${verdict}`,
    to(world) {
      const seen = world.seen[who];
      if (seen === undefined) return undefined;
      const given = voteOf(who, { verdict, digest: seen.digest });
      const { after, took } = kept(world, (approval) => withVote(approval, given, seen.version));
      if (!took) return after;
      const { history } = after;
      const approving = verdict === 'approve' ? [...history.approving, who] : history.approving;
      const denied = history.denied || verdict !== 'approve';
      const misled = verdict === 'approve' && seen.digest !== history.digest;
      return { ...after, history: { ...history, approving, denied, misled } };
    },
  });

  const edit = (who: string, cents: number): Move => {
    const given = editBy(who, { cents });
    return {
      name: `${who} changes cents to ${cents}`,
      to(world) {
        const seen = world.seen[who];
        if (seen === undefined) return undefined;
        const { after, took } = kept(world, (approval) => withEdit(approval, given, seen.version));
        if (!took) return after;
        const history = { ...after.history, approving: [who], digest: given.vote.digest };
        return { ...after, history };
      },
    };
  };

  /** Its answer comes later, or never. A consumer that asks again has the same claim. */
  const consume = (claim: string, digest: (world: World) => Digest, what: string): Move => ({
    name: `${claim} consumes ${what}`,
    to(world) {
      const bindings = { ...BINDINGS, digest: digest(world) };
      const again = isRepeated(world, claim, bindings);
      const { after, took } = again
        ? { after: world, took: true }
        : kept(world, (approval) => toConsumed(approval, bindings));
      if (!took) return after;
      const waiting = [...new Set([...world.waiting, claim])].toSorted();
      const consumed = [...new Set([...world.history.consumed, bindings.digest])];
      return { ...after, claim, waiting, history: { ...after.history, consumed } };
    },
  });

  const hear = (claim: string): Move => ({
    name: `${claim} hears that it may run`,
    to(world) {
      if (!world.waiting.includes(claim)) return undefined;
      const waiting = world.waiting.filter((other) => other !== claim);
      const ran = [...new Set([...world.history.ran, claim])];
      return { ...world, waiting, history: { ...world.history, ran } };
    },
  });

  const crash = (claim: string): Move => ({
    name: `${claim} crashes before it hears`,
    to: (world) =>
      world.waiting.includes(claim)
        ? { ...world, waiting: world.waiting.filter((other) => other !== claim) }
        : undefined,
  });

  /** Twice: an escalated approval has the same time again. */
  const pass: Move = {
    name: 'the time is over',
    to(world) {
      const { expiries } = world.history;
      if (expiries === 2) return undefined;
      const history = { ...world.history, expiries: expiries + 1 };
      return { ...world, now: world.now + EXPIRES_MS, history };
    },
  };

  const approvers = ['ben', 'cas'];
  const voters = [
    ...approvers,
    ...(confirm ? ['ann'] : []),
    ...(onExpiry === 'escalate' ? ['dan'] : []),
  ];
  return [
    ...voters.flatMap((who) => [look(who), vote(who, 'approve')]),
    vote('ben', 'deny'),
    edit('ben', 2),
    edit('cas', 3),
    ...['c1', 'c2'].flatMap((claim) => [
      consume(claim, ({ history }) => history.digest, 'what it is by now'),
      hear(claim),
      crash(claim),
    ]),
    consume('c1', ({ history }) => (history.digest === RIGHT ? OTHER : RIGHT), 'something else'),
    pass,
    { name: 'it is called off', to: (world) => kept(world, toCancelled).after },
  ];
}
