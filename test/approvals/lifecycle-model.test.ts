import { type Approval, approvalLifecycle } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { explore } from './explore.ts';
import type { Lifecycle, Scenario } from './lifecycle-model.ts';

const scenarios: readonly Scenario[] = (['deny', 'park', 'escalate'] as const).flatMap((onExpiry) =>
  [1, 2].flatMap((quorum) =>
    // With a fifth person there are too many orders to look at, and no new kind of them.
    (onExpiry === 'escalate' ? [false] : [false, true]).map((confirm) => ({
      name: `${quorum} of 2${confirm ? ' and the requester' : ''}, ${onExpiry}`,
      quorum,
      onExpiry,
      confirm,
    })),
  ),
);

const ALL_STATES = ['approved', 'cancelled', 'consumed', 'denied', 'expired', 'pending', 'ran'];

const { withVote, withEdit, toConsumed, toCancelled, atTime } = approvalLifecycle;
const bump = (approval: Approval, change: Partial<Approval>): Approval => ({
  ...approval,
  ...change,
  version: approval.version + 1,
});

/** Mistakes that a lifecycle could have, each of which has to be found. */
const BROKEN: Readonly<Record<string, Partial<Lifecycle>>> = {
  'counts a person twice': {
    withVote(approval, vote, version) {
      const next = withVote(approval, vote, version);
      const enough = typeof next !== 'string' && next.votes.length >= 2;
      return enough && next.state === 'pending' ? { ...next, state: 'approved' } : next;
    },
  },
  'takes a vote for arguments that its voter did not see': {
    withVote: (approval, vote) =>
      withVote(approval, { ...vote, digest: approval.bindings.digest }, approval.version),
  },
  'keeps the votes when the arguments change': {
    withEdit(approval, edit, version) {
      const next = withEdit(approval, edit, version);
      if (typeof next === 'string') return next;
      return { ...next, votes: [...approval.votes, ...next.votes] };
    },
  },
  'forgets a denial with the next approval': {
    withVote(approval, vote, version) {
      const open: Approval = { ...approval, state: 'pending' };
      return withVote(approval.state === 'denied' ? open : approval, vote, version);
    },
  },
  'is consumed again and again': {
    toConsumed: (approval, bindings) =>
      toConsumed(
        approval.state === 'consumed' ? { ...approval, state: 'approved' } : approval,
        bindings,
      ),
  },
  'answers a claim that was granted for other arguments': {
    isRepeated: ({ approval, claim }, again) => approval.state === 'consumed' && claim === again,
  },
  'is consumed for whatever is asked': {
    toConsumed: (approval) => toConsumed(approval, approval.bindings),
  },
  'is consumed before everybody agreed': {
    toConsumed: (approval, bindings) =>
      toConsumed(
        approval.state === 'pending' ? { ...approval, state: 'approved' } : approval,
        bindings,
      ),
  },
  'is called off after it was used': {
    toCancelled: (approval) =>
      approval.state === 'consumed'
        ? bump(approval, { state: 'cancelled' })
        : toCancelled(approval),
  },
  'never expires': { atTime: (approval) => approval },
  'expires when it was used': {
    atTime: (approval, now) =>
      approval.state === 'consumed' && approval.expiresAt <= now
        ? bump(approval, { state: 'expired' })
        : atTime(approval, now),
  },
};

describe('the lifecycle of an approval', () => {
  let states = 0;

  it.each(scenarios)('keeps its promises in every order of everything: $name', (scenario) => {
    const explored = explore(scenario, approvalLifecycle);
    expect(explored.violation).toBeUndefined();
    expect([...explored.reached].toSorted()).toEqual(ALL_STATES);
    states += explored.states;
  });

  it('was looked at in very many states', () => {
    console.log(`${states} states of ${scenarios.length} scenarios`);
    expect(states).toBeGreaterThan(10_000);
  });

  it.each(Object.entries(BROKEN))('that %s is found out', (_, broken) => {
    const lifecycle = { ...approvalLifecycle, ...broken };
    expect(scenarios.some((scenario) => explore(scenario, lifecycle).violation)).toBe(true);
  });
});
