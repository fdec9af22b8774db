import { type Approval, approvalLifecycle, type ApprovalRefusal, type Vote } from '@guardstile/core';

import { BINDINGS, draftOf, editBy, RIGHT, voteOf } from './draft.ts';

// Everything that two approvers, two consumers and a clock can do to one approval, in every order,
// on the functions that every store keeps. What must never happen is specified in a second place,
// from a history of what was done, and knows nothing of how the functions work.

const { atTime, newApproval, sameBindings, toCancelled, toConsumed, withEdit, withVote } =
  approvalLifecycle;

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
  readonly digest: string;
  readonly denied: boolean;
  /** Claims that were told that they may run. */
  readonly ran: readonly string[];
  /** How often the time was over. */
  readonly expiries: number;
  readonly cancelled: boolean;
}

/** What somebody looked at before acting on it: others may have been quicker. */
export interface World {
  readonly approval: Approval;
  readonly claim: string | undefined;
  readonly now: number;
  /** The version that each approver looked at. */
  readonly seen: Readonly<Record<string, Pick<Approval, 'version' | 'bindings'>>>;
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
const EDITS = [{ cents: 2 }, { cents: 3 }] as const;

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
  const approval = newApproval(draftOf('a', { requirements, expiresMs: EXPIRES_MS }), 0);
  const history = {
    approving: [],
    digest: RIGHT,
    denied: false,
    ran: [],
    expiries: 0,
    cancelled: false,
  };
  return { approval, claim: undefined, now: 0, seen: {}, waiting: [], history };
}

/** A store's step: what time has made of it, then what was asked. */
function kept(world: World, to: (approval: Approval) => Approval | ApprovalRefusal): World {
  const current = atTime(world.approval, world.now);
  const next = to(current);
  return { ...world, approval: typeof next === 'string' ? current : next };
}

function took(before: World, after: World): boolean {
  return after.approval.version > atTime(before.approval, before.now).version;
}

function look(who: string): Move {
  return {
    name: `${who} looks`,
    to(world) {
      const { version, bindings } = atTime(world.approval, world.now);
      return { ...world, seen: { ...world.seen, [who]: { version, bindings } } };
    },
  };
}

function vote(who: string, verdict: Vote['verdict']): Move {
  return {
    name: `${who} votes ${verdict}`,
    to(world) {
      const seen = world.seen[who];
      if (seen === undefined) return undefined;
      const given = voteOf(who, { verdict, digest: seen.bindings.digest });
      const after = kept(world, (approval) => withVote(approval, given, seen.version));
      if (!took(world, after)) return after;
      const { history } = world;
      const approving = verdict === 'approve' ? [...history.approving, who] : history.approving;
      const denied = history.denied || verdict !== 'approve';
      return { ...after, history: { ...history, approving, denied } };
    },
  };
}

function edit(who: string, fields: (typeof EDITS)[number]): Move {
  return {
    name: `${who} changes cents to ${fields.cents}`,
    to(world) {
      const seen = world.seen[who];
      if (seen === undefined) return undefined;
      const given = editBy(who, fields);
      const after = kept(world, (approval) => withEdit(approval, given, seen.version));
      if (!took(world, after)) return after;
      const history = { ...world.history, approving: [who], digest: given.vote.digest };
      return { ...after, history };
    },
  };
}

/** Its answer comes later, or never. A consumer that asks again has the same claim. */
function consume(claim: string): Move {
  return {
    name: `${claim} consumes`,
    to(world) {
      // The consumer knows the call that it wants to run: the arguments as they are by now.
      const bindings = { ...BINDINGS, digest: world.history.digest as Vote['digest'] };
      const current = atTime(world.approval, world.now);
      const again = current.state === 'consumed' && world.claim === claim;
      const after = again ? world : kept(world, (approval) => toConsumed(approval, bindings));
      if (!again && !took(world, after)) return after;
      return { ...after, claim, waiting: [...new Set([...world.waiting, claim])].toSorted() };
    },
  };
}

/** The same for arguments that nobody approved. */
function consumeOther(claim: string): Move {
  return {
    name: `${claim} consumes for other arguments`,
    to: (world) =>
      kept(world, (approval) => {
        const digest = approval.bindings.digest === RIGHT ? editBy('', EDITS[0]).vote.digest : RIGHT;
        const bindings = { ...BINDINGS, digest };
        if (sameBindings(bindings, approval.bindings)) throw new Error('these are the same');
        return toConsumed(approval, bindings);
      }),
  };
}

function hear(claim: string): Move {
  return {
    name: `${claim} hears that it may run`,
    to(world) {
      if (!world.waiting.includes(claim)) return undefined;
      const waiting = world.waiting.filter((other) => other !== claim);
      const ran = [...new Set([...world.history.ran, claim])];
      return { ...world, waiting, history: { ...world.history, ran } };
    },
  };
}

function crash(claim: string): Move {
  return {
    name: `${claim} crashes before it hears`,
    to: (world) =>
      world.waiting.includes(claim)
        ? { ...world, waiting: world.waiting.filter((other) => other !== claim) }
        : undefined,
  };
}

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

const cancel: Move = {
  name: 'it is called off',
  to(world) {
    const after = kept(world, toCancelled);
    if (!took(world, after)) return after;
    return { ...after, history: { ...world.history, cancelled: true } };
  },
};

export function movesOf({ confirm, onExpiry }: Scenario): readonly Move[] {
  const approvers = ['ben', 'cas'];
  const voters = [
    ...approvers,
    ...(confirm ? ['ann'] : []),
    ...(onExpiry === 'escalate' ? ['dan'] : []),
  ];
  return [
    ...voters.flatMap((who) => [look(who), vote(who, 'approve')]),
    vote('ben', 'deny'),
    ...approvers.map((who, i) => edit(who, EDITS[i % 2] ?? EDITS[0])),
    ...['c1', 'c2'].flatMap((claim) => [consume(claim), hear(claim), crash(claim)]),
    consumeOther('c1'),
    pass,
    cancel,
  ];
}
