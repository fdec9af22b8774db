import { type ApprovalStore, isGuardError } from '@guardstile/core';
import * as fc from 'fast-check';

import { BINDINGS, CONFIRM, draftOf, editBy, grantOf, RIGHT, TWO, voteOf, WRONG } from './draft.ts';

/** One thing that is done to a store; whatever it answers is compared. */
type Step = (store: ApprovalStore) => unknown;

/** Steps, and how many milliseconds pass before each. */
export type Steps = ReadonlyArray<readonly [Step, number]>;

/** How many were created, so that every draft has an id of its own as the guard's have. */
const created = new WeakMap<ApprovalStore, number>();

function nextOf(store: ApprovalStore): number {
  const nth = created.get(store) ?? 0;
  created.set(store, nth + 1);
  return nth;
}

const EDITED = editBy('ben', { cents: 2 }).vote.digest;
// A parked ask is not among them: how long it has depends on who looked at it when.
const REQUIREMENTS = [CONFIRM, TWO, { ...TWO, onExpiry: 'escalate', escalateTo: ['eve'] }] as const;

const which = fc.integer({ min: 0, max: 4 }).map((n) => `aid-${n}`);
const version = fc.constantFrom(1, 1, 1, 2, 2, 3);
const voter = fc.constantFrom('ann', 'ann', 'ben', 'cas', 'eve');
const key = fc.constantFrom('k1', 'k2', 'k3');
const tenant = fc.constantFrom('acme', 'acme', 'other');
const session = fc.constantFrom('s1', 's1', 's2');

const create: fc.Arbitrary<Step> = fc
  .record({ key, requirements: fc.constantFrom(...REQUIREMENTS), tenant, session })
  .map(({ key: under, requirements, ...more }) => (store: ApprovalStore) => {
    const bindings = { ...BINDINGS, ...more };
    return store.create(draftOf(`aid-${nextOf(store)}`, { requirements, bindings }), under);
  });

const vote: fc.Arbitrary<Step> = fc
  .record({
    aid: which,
    verdict: fc.constantFrom('approve' as const, 'approve' as const, 'deny' as const),
    voter,
    roles: fc.constantFrom([], ['boss']),
    digest: fc.constantFrom(RIGHT, RIGHT, RIGHT, EDITED, EDITED, WRONG),
    version,
  })
  .map(
    ({ aid, version: seen, voter: who, ...more }) =>
      (store: ApprovalStore) =>
        store.vote(aid, voteOf(who, more), seen),
  );

const edit: fc.Arbitrary<Step> = fc
  .record({ aid: which, voter, field: fc.constantFrom('cents', 'cents', 'since'), version })
  .map(
    ({ aid, voter: who, field, version: seen }) =>
      (store: ApprovalStore) =>
        store.edit(aid, editBy(who, { [field]: 2 }), seen),
  );

const consume: fc.Arbitrary<Step> = fc
  .record({
    aid: which,
    claim: fc.constantFrom('c1', 'c2'),
    tenant,
    session,
    digest: fc.constantFrom(RIGHT, RIGHT, EDITED),
  })
  .map(
    ({ aid, claim, ...more }) =>
      (store: ApprovalStore) =>
        store.consume(aid, claim, { ...BINDINGS, ...more }),
  );

const filter = fc.record(
  {
    state: fc.constantFrom('pending', 'approved', 'expired', 'denied', 'consumed'),
    session,
    tenant,
    principal: fc.constantFrom('ann', 'eve'),
    tool: fc.constantFrom('pay', 'mail'),
    digest: fc.constantFrom(RIGHT, EDITED),
    after: which,
    limit: fc.integer({ min: 0, max: 3 }),
  },
  { requiredKeys: [] },
);

const grants: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      gid: fc.constantFrom('g1', 'g2'),
      tenant,
      scope: fc.constantFrom('always', 'session'),
    })
    .map(
      ({ gid, ...more }) =>
        (store: ApprovalStore) =>
          store.grants?.add(grantOf(gid, more)),
    ),
  fc.constantFrom('g1', 'g2').map((gid) => (store: ApprovalStore) => store.grants?.revoke(gid)),
  fc
    .record(
      { tenant, ended: fc.boolean(), after: fc.constantFrom('g1', 'g2') },
      { requiredKeys: [] },
    )
    .map((asked) => (store: ApprovalStore) => store.grants?.list(asked)),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 4, arbitrary: vote },
  { weight: 2, arbitrary: edit },
  { weight: 3, arbitrary: consume },
  { weight: 1, arbitrary: which.map((aid) => (store: ApprovalStore) => store.cancel(aid)) },
  { weight: 1, arbitrary: which.map((aid) => (store: ApprovalStore) => store.get(aid)) },
  { weight: 1, arbitrary: key.map((under) => (store: ApprovalStore) => store.find(under)) },
  { weight: 2, arbitrary: filter.map((asked) => (store: ApprovalStore) => store.list(asked)) },
  { weight: 1, arbitrary: grants },
);

/** Whatever can be done to a store, in whatever order. */
export const steps: fc.Arbitrary<Steps> = fc.array(
  fc.tuple(step, fc.constantFrom(0, 0, 0, 0, 0, 300, 1000)),
  { maxLength: 40 },
);

/** What a store answers, or the code of what it refuses with. */
export async function outcomeOf(store: ApprovalStore, one: Step): Promise<unknown> {
  try {
    return await one(store);
  } catch (error) {
    return isGuardError(error) ? error.code : error;
  }
}
