import { copyFileSync } from 'node:fs';

import { approvalInbox, type Voter } from '@guardstile/approvals';
import {
  type Approval,
  type ApprovalStore,
  type AuditEntry,
  type AuditLog,
  createGuard,
  type Guard,
  isGuardError,
  memoryApprovals,
  memoryAudit,
  type PolicyAnswer,
  type Requirements,
  unmet,
} from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { storeFolder } from './store-folder.ts';

const HOUR = 3_600_000;

const TWO = {
  effect: 'ask',
  rule: 'pay.asks',
  reason: 'two of three have to look',
  requirements: {
    votes: [{ kind: 'approvers', by: ['bob', 'carol', 'role:boss', 'alice'], quorum: 2 }],
    editable: ['cents'],
    expiresMs: HOUR,
  },
} as const satisfies PolicyAnswer;
const alice = { principal: { id: 'alice', tenant: 'acme', roles: ['boss'] }, session: 's1' };
const VOTERS: readonly Voter[] = [
  { id: 'bob', tenant: 'acme' },
  { id: 'carol', tenant: 'acme' },
  { id: 'dan', roles: ['boss'], tenant: 'acme' },
  { id: 'alice', roles: ['boss'], tenant: 'acme' },
  { id: 'bob', roles: ['boss'], tenant: 'evil' },
  { id: 'role:boss', tenant: 'acme' },
  { id: 'Bob', tenant: 'acme' },
  { id: 'bob ', tenant: 'acme' },
  { id: 'b\u043eb', tenant: 'acme' },
];

/** The store with something else coming first wherever it is asked. */
function interleaved(store: ApprovalStore, scheduler: fc.Scheduler): ApprovalStore {
  const later =
    <A extends readonly unknown[], R>(label: string, method: (...args: A) => R) =>
    async (...args: A): Promise<Awaited<R>> => {
      await scheduler.schedule(Promise.resolve(), label);
      return await method(...args);
    };
  return {
    ...store,
    create: later('create', store.create),
    get: later('get', store.get),
    find: later('find', store.find),
    vote: later('vote', store.vote),
    edit: later('edit', store.edit),
    consume: later('consume', store.consume),
    cancel: later('cancel', store.cancel),
    list: later('list', store.list),
  };
}

interface Scene {
  readonly guards: readonly Guard[];
  readonly inbox: ReturnType<typeof approvalInbox>;
  readonly store: ApprovalStore;
  readonly runs: unknown[];
  /** Who was shown what before answering. */
  readonly seen: Set<string>;
  pass(ms: number): void;
}

function sceneOf(store: ApprovalStore, bare: ApprovalStore, pass: (ms: number) => void): Scene {
  const options = { policy: () => TWO, approvals: store, asks: 'suspend', context: alice } as const;
  const guards = [1, 2].map(() => createGuard({ ...options, audit: memoryAudit() }));
  return {
    guards,
    inbox: approvalInbox({ approvals: store }),
    store: bare,
    runs: [],
    seen: new Set(),
    pass,
  };
}

type Act = (scene: Scene) => Promise<unknown>;

const guardAt = fc.nat({ max: 1 });
const place = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
const counting = fc.constantFrom(...VOTERS.slice(0, 3));
const anybody = fc.oneof(counting, counting, counting, fc.constantFrom(...VOTERS));

async function nth(store: ApprovalStore, n: number): Promise<Approval | undefined> {
  const all = await store.list({});
  return all[n % Math.max(all.length, 1)];
}

const bodyOf =
  ({ runs }: Scene) =>
  (args: unknown): number =>
    runs.push(args);

const call: fc.Arbitrary<Act> = fc
  .record({ at: guardAt, cents: fc.nat({ max: 1 }), id: fc.constantFrom(undefined, 'c1', 'c2') })
  .map(({ at, cents, id }) => async (scene) => {
    const request = { tool: 'pay', args: { cents }, ...(id === undefined ? {} : { id }) };
    return scene.guards[at]?.call(request, bodyOf(scene));
  });
const resume: fc.Arbitrary<Act> = fc
  .record({ at: guardAt, place })
  .map(({ at, place: n }) => async (scene) => {
    const aid = (await nth(scene.store, n))?.aid ?? 'none';
    return scene.guards[at]?.resume(aid, bodyOf(scene));
  });
function sight(aid: string, voter: string | undefined, digest: string): string {
  return JSON.stringify([aid, voter, digest]);
}

const vote: fc.Arbitrary<Act> = fc
  .record({
    place,
    voter: anybody,
    verdict: fc.constantFrom<'approve' | 'deny'>(
      'approve',
      'approve',
      'approve',
      'approve',
      'deny',
    ),
    first: fc.boolean(),
  })
  .map(({ place: n, voter, verdict, first }) => async ({ inbox, store, seen }) => {
    const approval = await nth(store, n);
    if (approval === undefined) return;
    // What was asked for at first, perhaps, although it reads differently by now.
    const digest = (first ? approval.edited?.of : undefined) ?? approval.bindings.digest;
    seen.add(sight(approval.aid, voter.id, digest));
    await inbox.vote(approval.aid, {
      voter,
      verdict,
      digest,
      channel: 'test',
    });
  });
const edit: fc.Arbitrary<Act> = fc
  .record({ place, voter: anybody, cents: fc.integer({ min: 5, max: 7 }) })
  .map(({ place: n, voter, cents }) => async ({ inbox, store, seen }) => {
    const approval = await nth(store, n);
    if (approval === undefined) return;
    const { digest } = approval.bindings;
    const edited = await inbox.edit(approval.aid, {
      voter,
      fields: { cents },
      digest,
      channel: 'test',
    });
    if (edited.ok) seen.add(sight(approval.aid, voter.id, edited.approval.bindings.digest));
  });
const wait: fc.Arbitrary<Act> = fc.constantFrom(1, HOUR / 2, HOUR).map(
  (ms) =>
    async ({ pass }) =>
      pass(ms),
);
const cancel: fc.Arbitrary<Act> = place.map((n) => async ({ store }) => {
  const approval = await nth(store, n);
  if (approval !== undefined) await store.cancel(approval.aid);
});

/** Everything at once, some of it more often. */
function acts(often: fc.Arbitrary<Act>, most: number): fc.Arbitrary<Act[]> {
  const act = fc.oneof(
    { arbitrary: often, weight: 12 },
    { arbitrary: fc.oneof(call, vote, resume, edit), weight: 3 },
    { arbitrary: fc.oneof(wait, cancel), weight: 1 },
  );
  return fc.array(act, { minLength: 1, maxLength: most });
}

/** Calls, then votes, then more of both; within each everything comes between everything. */
const PHASES = fc.tuple(
  acts(call, 3),
  acts(vote, 5),
  acts(vote, 5),
  acts(fc.oneof(call, resume), 6),
  acts(resume, 3),
);

async function allowsIn(logs: ReadonlyArray<AuditLog | undefined>): Promise<readonly AuditEntry[]> {
  const all = await Promise.all(logs.map(async (log) => log?.query({ action: 'tool.allow' })));
  return all.flatMap((entries) => entries ?? []);
}

/** What holds whatever has happened. */
async function judge({ guards, store, runs, seen }: Scene): Promise<void> {
  const allows = await allowsIn(guards.map(({ audit }) => audit));
  expect(allows).toHaveLength(runs.length);
  const used = allows.map(({ aid }) => aid);
  expect(new Set(used).size).toBe(used.length);
  const ran: unknown[] = [];
  for (const aid of used) {
    const approval = await store.get(aid ?? '');
    if (approval === undefined) throw new Error('it ran without an approval');
    const { state, requirements, votes, bindings, edited, args } = approval;
    expect(state).toBe('consumed');
    expect(unmet(requirements, votes, 'alice')).toBeUndefined();
    for (const { voter, digest } of votes) {
      expect(digest).toBe(bindings.digest);
      expect(seen).toContain(sight(aid ?? '', voter, digest));
    }
    expect(votes.map(({ tenant }) => tenant)).not.toContain('evil');
    ran.push({ ...(args as object), ...edited?.fields });
  }
  const sorted = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort();
  expect(sorted(runs)).toEqual(sorted(ran));
  const consumed = await store.list({ state: 'consumed' });
  expect(consumed.length).toBe(runs.length);
}

function refused(error: unknown): undefined {
  if (isGuardError(error)) return undefined;
  throw error;
}

describe('two guards and an inbox on one store', () => {
  const DEEP = Number(process.env['GUARDSTILE_RUNS'] ?? 300);

  it('run nothing more than once, nor without the votes for exactly that, whatever comes between what', async () => {
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), PHASES, async (scheduler, phases) => {
        let now = Date.now();
        const bare = memoryApprovals({ clock: () => now });
        const scene = sceneOf(interleaved(bare, scheduler), bare, (ms) => {
          now += ms;
        });
        for (const phase of phases) {
          const all = Promise.all(phase.map(async (one) => one(scene).catch(refused)));
          await scheduler.waitFor(all);
        }
        await judge(scene);
        ran += scene.runs.length;
      }),
      { numRuns: DEEP },
    );
    expect(ran).toBeGreaterThan(0);
  });

  it('on a file keep to the same', async () => {
    await fc.assert(
      fc.asyncProperty(PHASES, async (phases) => {
        let now = Date.now();
        const folder = storeFolder();
        const a = folder.open({ clock: () => now });
        const scene = sceneOf(a, a, (ms) => {
          now += ms;
        });
        for (const one of phases.flat()) await one(scene).catch(refused);
        await judge(scene);
        a.close();
      }),
      { numRuns: Math.ceil(DEEP / 15) },
    );
  });
});

describe('an inbox', () => {
  async function open(requirements: Partial<Requirements> = TWO.requirements) {
    const approvals = memoryApprovals();
    const policy = (): PolicyAnswer => ({ ...TWO, requirements });
    const options = { policy, asks: 'suspend', context: alice } as const;
    const guard = createGuard({ ...options, approvals });
    await guard.call({ tool: 'pay', args: { cents: 1 } }, () => 'ran').catch(refused);
    const [approval] = await approvals.list({});
    if (approval === undefined) throw new Error('nothing was asked');
    return { approvals, inbox: approvalInbox({ approvals, audit: memoryAudit() }), approval };
  }

  const bob: Voter = { id: 'bob', tenant: 'acme' };

  it.each(VOTERS.map((voter, i) => ({ voter, counts: i < 3 })))(
    'counts $voter.id of $voter.tenant: $counts',
    async ({ voter, counts }) => {
      const { inbox, approval } = await open();
      const { digest } = approval.bindings;
      const ballot = { voter, verdict: 'approve', digest, channel: 'test' } as const;
      expect((await inbox.vote(approval.aid, ballot)).ok).toBe(counts);
    },
  );

  it.each<readonly [string, unknown]>([
    ['undefined', undefined],
    ['an object', {}],
    ['a number', 5],
  ])('does not know an id that is %s', async (_what, aid) => {
    const { inbox, approval } = await open();
    const { digest } = approval.bindings;
    const given = { voter: bob, verdict: 'approve', digest, channel: 'test' } as const;
    expect(await inbox.vote(aid as string, given)).toMatchObject({ ok: false, reason: 'unknown' });
    expect(await inbox.show(aid as string)).toBeUndefined();
  });

  it('takes no answer to what it read like before an edit, also where an edit brings that back', async () => {
    const { inbox, approval } = await open();
    const at = { channel: 'test', voter: bob };
    const carol: Voter = { id: 'carol', tenant: 'acme' };
    const old = approval.bindings.digest;
    const edited = await inbox.edit(approval.aid, { ...at, digest: old, fields: { cents: 7 } });
    if (!edited.ok) throw new Error(edited.message);
    const again = await inbox.edit(approval.aid, {
      ...at,
      digest: edited.approval.bindings.digest,
      fields: { cents: 1 },
    });
    if (!again.ok) throw new Error(again.message);
    const stale = { ...at, voter: carol, verdict: 'approve', digest: old } as const;
    expect(await inbox.vote(approval.aid, stale)).toMatchObject({ ok: false, reason: 'changed' });
  });

  it('shows no secret that somebody typed into an edit', async () => {
    const { inbox, approval } = await open({ ...TWO.requirements, editable: ['apiKey'] });
    const secret = 'sk-live-1234567890abcdef1234567890';
    const { digest } = approval.bindings;
    const typed = { voter: bob, fields: { apiKey: secret }, digest, channel: 'test' };
    const edited = await inbox.edit(approval.aid, typed);
    expect(edited.ok).toBe(true);
    const seen = JSON.stringify([edited, await inbox.show(approval.aid), await inbox.list()]);
    expect(seen).toContain('[redacted]');
    expect(seen).not.toContain(secret);
  });
});

describe('a backup of a file from before an approval was denied', () => {
  it.each(['in the guard', 'in an inbox with its log'])(
    'brings it not back (%s)',
    async (where) => {
      const { open, path } = storeFolder();
      const audit = memoryAudit();
      const options = { policy: () => TWO, asks: 'suspend', context: alice, audit } as const;
      const first = open();
      const guard = createGuard({ ...options, approvals: first });
      const tool = guard.tool({ name: 'pay' });
      const input = { args: { cents: 1 }, id: 'c1' };
      await tool.open(input);
      const [asked] = await first.list({});
      if (asked === undefined) throw new Error('nothing was asked');
      const { aid, bindings } = asked;
      const inbox = approvalInbox({ approvals: first, audit });
      const ballot = { digest: bindings.digest, channel: 'test' } as const;
      for (const voter of VOTERS.slice(0, 2)) {
        await inbox.vote(aid, { ...ballot, voter, verdict: 'approve' });
      }
      first.close();
      copyFileSync(path, `${path}.backup`);

      const second = open();
      const deny = { channel: 'chat', verdict: 'deny' } as const;
      if (where === 'in the guard') {
        const later = createGuard({ ...options, approvals: second }).tool({ name: 'pay' });
        const denial = async (): Promise<unknown> =>
          later.run({ ...input, answer: deny }, () => 'ran');
        await denial().catch(refused);
      } else {
        const [voter = { id: '' }] = VOTERS;
        await approvalInbox({ approvals: second, audit }).vote(aid, {
          ...ballot,
          voter,
          verdict: 'deny',
        });
      }
      expect((await second.get(aid))?.state).toBe('cancelled');
      second.close();

      copyFileSync(`${path}.backup`, path);
      const restored = open({ audit });
      let ran = 0;
      const again = createGuard({ ...options, approvals: restored });
      await again.resume(aid, () => (ran += 1)).catch(refused);
      expect(ran).toBe(0);
      expect((await restored.get(aid))?.state).toBe('cancelled');
      restored.close();
    },
  );
});
