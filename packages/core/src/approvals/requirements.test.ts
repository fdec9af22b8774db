import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vote } from './approval.ts';
import { unmet } from './count-votes.ts';
import {
  combineRequirements,
  CONFIRM,
  describeRequirement,
  type Requirements,
  type VoteRequirement,
} from './requirements.ts';

const vote = (voter: string | undefined, fields: Partial<Vote> = {}): Vote => ({
  verdict: 'approve',
  ...(voter === undefined ? {} : { voter }),
  channel: 'test',
  digest: 'sha256:0',
  ...fields,
});

const needing = (...votes: VoteRequirement[]): Requirements => ({ ...CONFIRM, votes });
const approvers = (quorum: number, ...by: string[]): VoteRequirement => ({
  kind: 'approvers',
  by,
  quorum,
});

const person = fc.constantFrom('alice', 'bob', 'carol', 'role:cfo');
const role = fc.constantFrom('cfo', 'admin');
const anyVote: fc.Arbitrary<Vote> = fc
  .record({
    voter: fc.option(person, { nil: undefined }),
    roles: fc.uniqueArray(role),
    verdict: fc.constantFrom('approve' as const, 'deny' as const),
  })
  .map(({ voter, ...rest }) => vote(voter, rest));
const anyVoteRequirement: fc.Arbitrary<VoteRequirement> = fc.oneof(
  fc.constant({ kind: 'confirm' as const }),
  fc.record({
    kind: fc.constant('approvers' as const),
    by: fc.uniqueArray(fc.constantFrom('alice', 'bob', 'carol', 'role:cfo', 'role:admin'), {
      minLength: 1,
    }),
    quorum: fc.integer({ min: 1, max: 3 }),
  }),
);
const anyRequirements: fc.Arbitrary<Requirements> = fc
  .record({
    votes: fc.array(anyVoteRequirement, { minLength: 1, maxLength: 3 }),
    expiresMs: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    editable: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
    grants: fc.uniqueArray(fc.constantFrom('session' as const, 'always' as const)),
    rules: fc.uniqueArray(fc.constantFrom('r1', 'r2', 'r3'), { minLength: 1 }),
    late: fc.oneof(
      fc.constantFrom({}, { onExpiry: 'park' as const }),
      fc.record({
        onExpiry: fc.constant('escalate' as const),
        escalateTo: fc.uniqueArray(fc.constantFrom('dave', 'role:board'), { minLength: 1 }),
      }),
    ),
  })
  .map(({ expiresMs, late, ...rest }) => ({
    ...rest,
    ...late,
    ...(expiresMs === undefined ? {} : { expiresMs }),
  }));

/** Requirements as sets, since their order means nothing. */
const meaning = (r: Requirements): unknown => ({
  votes: new Set(r.votes.map((v) => JSON.stringify(v))),
  expiresMs: r.expiresMs,
  editable: new Set(r.editable),
  grants: new Set(r.grants),
  rules: new Set(r.rules),
  onExpiry: r.onExpiry,
  escalateTo: new Set(r.escalateTo),
});

describe('a confirmation', () => {
  it('is given by the requester and by nobody else', () => {
    expect(unmet(CONFIRM, [vote('alice')], 'alice')).toBeUndefined();
    expect(unmet(CONFIRM, [vote('bob')], 'alice')).toEqual({ kind: 'confirm' });
    expect(unmet(CONFIRM, [vote(undefined)], 'alice')).toEqual({ kind: 'confirm' });
    expect(unmet(CONFIRM, [], 'alice')).toEqual({ kind: 'confirm' });
  });

  it('of a requester without a principal is a vote without a voter', () => {
    expect(unmet(CONFIRM, [vote(undefined)], undefined)).toBeUndefined();
    expect(unmet(CONFIRM, [vote('bob')], undefined)).toEqual({ kind: 'confirm' });
  });

  it('that says no is none', () => {
    expect(unmet(CONFIRM, [vote('alice', { verdict: 'deny' })], 'alice')).toEqual({
      kind: 'confirm',
    });
  });
});

describe('approvers', () => {
  it('are named by id or by role', () => {
    const two = approvers(1, 'bob', 'role:cfo');
    expect(unmet(needing(two), [vote('bob')], 'alice')).toBeUndefined();
    expect(unmet(needing(two), [vote('carol', { roles: ['cfo'] })], 'alice')).toBeUndefined();
    expect(unmet(needing(two), [vote('carol', { roles: ['admin'] })], 'alice')).toEqual(two);
    expect(unmet(needing(two), [vote('carol')], 'alice')).toEqual(two);
  });

  it('never are the requester, whatever roles the requester has', () => {
    const self = approvers(1, 'alice', 'role:cfo');
    expect(unmet(needing(self), [vote('alice', { roles: ['cfo'] })], 'alice')).toEqual(self);
  });

  it('never are somebody without an id', () => {
    const cfo = approvers(1, 'role:cfo');
    expect(unmet(needing(cfo), [vote(undefined, { roles: ['cfo'] })], 'alice')).toEqual(cfo);
    expect(unmet(needing(cfo), [vote(undefined, { roles: ['cfo'] })], undefined)).toEqual(cfo);
  });

  it('are not imitated: an id is no role, and a role is no id', () => {
    expect(unmet(needing(approvers(1, 'role:cfo')), [vote('role:cfo')], 'alice')).toBeDefined();
    expect(unmet(needing(approvers(1, 'role:cfo')), [vote('cfo')], 'alice')).toBeDefined();
    expect(
      unmet(needing(approvers(1, 'bob')), [vote('carol', { roles: ['bob', 'role:bob'] })], 'alice'),
    ).toBeDefined();
    expect(
      unmet(needing(approvers(1, 'role:role:cfo')), [vote('carol', { roles: ['cfo'] })], 'alice'),
    ).toBeDefined();
  });

  it('are counted as different people, however often one of them votes', () => {
    const two = approvers(2, 'bob', 'carol', 'role:cfo');
    expect(unmet(needing(two), [vote('bob'), vote('bob', { roles: ['cfo'] })], 'alice')).toEqual(
      two,
    );
    expect(unmet(needing(two), [vote('bob'), vote('carol')], 'alice')).toBeUndefined();
    expect(unmet(needing(two), [vote('bob'), vote('carol', { verdict: 'deny' })], 'alice')).toEqual(
      two,
    );
  });

  it('are needed for every requirement, beside the confirmation', () => {
    const all = needing({ kind: 'confirm' }, approvers(1, 'bob'), approvers(1, 'role:cfo'));
    expect(unmet(all, [vote('alice')], 'alice')).toEqual(approvers(1, 'bob'));
    expect(unmet(all, [vote('alice'), vote('bob')], 'alice')).toEqual(approvers(1, 'role:cfo'));
    expect(unmet(all, [vote('alice'), vote('bob', { roles: ['cfo'] })], 'alice')).toBeUndefined();
  });
});

describe('unmet', () => {
  it('never becomes met by fewer votes, and never unmet by more approvals', () => {
    fc.assert(
      fc.property(
        anyRequirements,
        fc.array(anyVote),
        anyVote,
        fc.option(person, { nil: undefined }),
        (r, votes, more, who) => {
          if (unmet(r, votes, who) === undefined)
            expect(unmet(r, [...votes, more], who)).toBeUndefined();
        },
      ),
    );
  });

  it('does not depend on the order of votes', () => {
    fc.assert(
      fc.property(anyRequirements, fc.array(anyVote), person, (r, votes, who) => {
        expect(unmet(r, votes.toReversed(), who) === undefined).toBe(
          unmet(r, votes, who) === undefined,
        );
      }),
    );
  });
});

describe('requirements together', () => {
  it('are met exactly where each of them is', () => {
    fc.assert(
      fc.property(
        fc.array(anyRequirements, { minLength: 1, maxLength: 4 }),
        fc.array(anyVote, { maxLength: 8 }),
        person,
        (all, votes, who) => {
          const each = all.every((r) => unmet(r, votes, who) === undefined);
          expect(unmet(combineRequirements(all), votes, who) === undefined).toBe(each);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('expire with the first, and allow only what all of them allow', () => {
    fc.assert(
      fc.property(fc.array(anyRequirements, { minLength: 1, maxLength: 4 }), (all) => {
        const together = combineRequirements(all);
        for (const r of all) {
          expect(together.expiresMs ?? Infinity).toBeLessThanOrEqual(r.expiresMs ?? Infinity);
          expect(r.editable).toEqual(expect.arrayContaining([...together.editable]));
          expect(r.grants).toEqual(expect.arrayContaining([...together.grants]));
          expect(together.votes).toEqual(expect.arrayContaining([...r.votes]));
        }
      }),
    );
  });

  it('are associative, idempotent, and the same in every order', () => {
    fc.assert(
      fc.property(anyRequirements, anyRequirements, anyRequirements, (a, b, c) => {
        const all = meaning(combineRequirements([a, b, c]));
        expect(meaning(combineRequirements([c, a, b]))).toEqual(all);
        expect(meaning(combineRequirements([combineRequirements([a, b]), c]))).toEqual(all);
        expect(meaning(combineRequirements([a, a]))).toEqual(meaning(a));
      }),
    );
  });

  it('that are none still need a vote', () => {
    expect(combineRequirements([])).toBe(CONFIRM);
    expect(unmet(combineRequirements([]), [], undefined)).toBeDefined();
  });

  it('name one vote once, however it is written', () => {
    const written = { quorum: 1, by: ['bob'], kind: 'approvers' } as const;
    expect(
      combineRequirements([needing(approvers(1, 'bob')), needing(written)]).votes,
    ).toHaveLength(1);
  });
});

describe('a requirement in words', () => {
  it('says who and how many', () => {
    expect(describeRequirement({ kind: 'confirm' })).toBe('confirmation by the requester');
    expect(describeRequirement(approvers(2, 'bob', 'role:cfo'))).toBe('2 of bob, role:cfo');
  });
});
