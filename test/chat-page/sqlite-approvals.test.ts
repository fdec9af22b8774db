import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ApprovalDraft,
  type ApprovalStore,
  digest,
  isGuardError,
  memoryApprovals,
  type Requirements,
} from '@guardstile/core';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sqliteApprovals } from '../../examples/src/support/sqlite-approvals.ts';
import { run } from '../support/run.ts';

const CONFIRM: Requirements = { votes: [{ kind: 'confirm' }], editable: [], grants: [] };
const TWO: Requirements = {
  ...CONFIRM,
  votes: [{ kind: 'approvers', by: ['ben', 'role:boss'], quorum: 2 }],
};
const RIGHT = digest('args', { amount: 1 });
const WRONG = digest('args', { amount: 2 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guardstile-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function draft(aid: string, more: Partial<ApprovalDraft> = {}): ApprovalDraft {
  return {
    aid,
    call: 'call_1',
    rid: `rid of ${aid}`,
    bindings: {
      tenant: 'shop',
      principal: 'ann',
      session: 's1',
      tool: { source: 'app', name: 'refund' },
      digest: RIGHT,
    },
    args: { amount: 1, since: new Date(0), big: 10n, nothing: undefined },
    requirements: CONFIRM,
    reason: 'because',
    policy: digest('policy', 1),
    labels: [],
    expiresMs: 1000,
    ...more,
  };
}

/** One thing that is done to a store; whatever it answers is compared. */
type Step = (store: ApprovalStore) => unknown;

/** How many were created, so that every draft has an id of its own as the guard's have. */
const created = new WeakMap<ApprovalStore, number>();

const which = fc.integer({ min: 0, max: 3 }).map((n) => `aid-${n}`);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(fc.constantFrom('k1', 'k2', 'k3'), fc.constantFrom(CONFIRM, CONFIRM, TWO))
    .map(([key, requirements]) => (store: ApprovalStore) => {
      const nth = created.get(store) ?? 0;
      created.set(store, nth + 1);
      return store.create(draft(`aid-${nth}`, { requirements }), key);
    }),
  fc
    .record({
      aid: which,
      verdict: fc.constantFrom('approve' as const, 'approve' as const, 'deny' as const),
      voter: fc.constantFrom('ann', 'ann', 'ben', 'eve'),
      roles: fc.constantFrom([], ['boss']),
      digest: fc.constantFrom(RIGHT, RIGHT, RIGHT, WRONG),
      version: fc.constantFrom(1, 1, 2),
    })
    .map(({ aid, version, ...vote }) => (store: ApprovalStore) => {
      return store.vote(aid, { ...vote, channel: 'test' }, version);
    }),
  fc
    .record({
      aid: which,
      claim: fc.constantFrom('c1', 'c2'),
      session: fc.constantFrom('s1', 's1', 's2'),
    })
    .map(({ aid, claim, session }) => (store: ApprovalStore) => {
      return store.consume(aid, claim, { ...draft(aid).bindings, session });
    }),
  which.map((aid) => (store: ApprovalStore) => store.cancel(aid)),
  which.map((aid) => (store: ApprovalStore) => store.get(aid)),
  fc.constantFrom('k1', 'k2', 'k3').map((key) => (store: ApprovalStore) => store.find(key)),
  fc
    .record(
      {
        state: fc.constantFrom('pending' as const, 'approved' as const, 'expired' as const),
        session: fc.constantFrom('s1', 's2'),
        tenant: fc.constantFrom('shop', 'other'),
        after: which,
        limit: fc.integer({ min: 1, max: 3 }),
      },
      { requiredKeys: [] },
    )
    .map((filter) => (store: ApprovalStore) => store.list(filter)),
);

async function outcome(store: ApprovalStore, one: Step): Promise<unknown> {
  try {
    return await one(store);
  } catch (error) {
    return isGuardError(error) ? error.code : error;
  }
}

const steps = fc.array(fc.tuple(step, fc.constantFrom(0, 0, 0, 0, 0, 300, 1000)), {
  maxLength: 40,
});
type Steps = ReadonlyArray<readonly [Step, number]>;

/** Does the same to both kinds of store, and looks at them once more after closing the file. */
async function compare(path: string, taken: Steps): Promise<void> {
  let now = 0;
  const clock = () => now;
  const memory = memoryApprovals({ clock, maxPending: 4 });
  const sqlite = sqliteApprovals(path, { clock, maxOpen: 4 });
  try {
    for (const [one, ms] of taken) {
      now += ms;
      expect(await outcome(sqlite, one)).toEqual(await outcome(memory, one));
    }
  } finally {
    sqlite.close();
  }
  if (path === ':memory:') return;
  const again = sqliteApprovals(path, { clock });
  try {
    expect(await again.list({})).toEqual(await memory.list({}));
  } finally {
    again.close();
  }
}

describe('approvals in a SQLite file', () => {
  it('answer whatever the ones in memory answer, whatever is done to them', async () => {
    const property = fc.asyncProperty(steps, (taken) => compare(':memory:', taken));
    await fc.assert(property, { numRuns: 400 });
  });

  it('keep nothing in the memory of the process', async () => {
    let files = 0;
    const property = fc.asyncProperty(steps, (taken) => {
      files += 1;
      return compare(join(folder, `${files}.db`), taken);
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('are used for exactly what they were asked for', async () => {
    const approvals = sqliteApprovals(join(folder, 'bound.db'));
    await approvals.create(draft('a'), 'a');
    await approvals.vote(
      'a',
      { verdict: 'approve', voter: 'ann', channel: 'test', digest: RIGHT },
      1,
    );
    const { bindings } = draft('a');
    for (const other of [{ session: 's2' }, { principal: 'eve' }, { digest: WRONG }]) {
      const result = await approvals.consume('a', 'claim', { ...bindings, ...other });
      expect(result).toEqual({ ok: false, reason: 'mismatch' });
    }
    expect(await approvals.consume('a', 'claim', bindings)).toMatchObject({ ok: true });
    approvals.close();
  });

  it('are refused when too many are open, until some of them have expired', async () => {
    let now = 0;
    const path = join(folder, 'full.db');
    const approvals = sqliteApprovals(path, { clock: () => now, maxOpen: 2 });
    const create = async (aid: string) => approvals.create(draft(aid), aid);
    await create('a');
    now = 1;
    await create('b');
    await expect(create('c')).rejects.toMatchObject({ code: 'approval_limit' });
    now = 1000;
    await create('c');
    await expect(create('d')).rejects.toMatchObject({ code: 'approval_limit' });
    approvals.close();
  });

  it('are used by one process each, whichever comes first, however many want them', async () => {
    const path = join(folder, 'shared.db');
    const approvals = sqliteApprovals(path);
    const all = Array.from({ length: 50 }, (_, index) => `aid-${index}`);
    for (const aid of all) {
      await approvals.create(draft(aid, { expiresMs: 3_600_000 }), aid);
      const vote = { voter: 'ann', channel: 'test', digest: RIGHT };
      await approvals.vote(aid, { ...vote, verdict: 'approve' }, 1);
    }
    approvals.close();
    const program = fileURLToPath(new URL('consume-all.ts', import.meta.url));
    const processes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((claim) => run(process.execPath, [program, path, claim])),
    );
    expect(processes.map(({ code, stderr }) => [code, stderr])).toEqual(
      processes.map(() => [0, '']),
    );
    const got = processes.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(got.toSorted()).toEqual(all.toSorted());
  });
});
