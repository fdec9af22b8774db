import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sqliteApprovals } from '@guardstile/approvals';
import { approvalLifecycle, type ApprovalFilter } from '@guardstile/core';

import { approvalRows as rowsOf } from '../../packages/approvals/src/store/approval-rows.ts';
import { openApprovalsFile } from '../../packages/approvals/src/store/approvals-file.ts';
import { BINDINGS, draftOf, voteOf } from '../approvals/draft.ts';
import { compare, type Group, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';

const MANY = 100_000;
const FEW = 1000;
/** About what a sealed approval takes. */
const RECORD = 900;
const EXPIRES_MS = 3_600_000;

const key = randomBytes(32);

/** What asking, voting and running cost, and what a person's list does among very many. */
export async function approvalRows({ generateText: plan }: BenchPlan): Promise<Group> {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-bench-'));
  const { variants, end } = approvalVariants(folder);
  const passes = Math.min(plan.passes, 40);
  try {
    const rounds = await measure(variants, { ...plan, passes, warmupPasses: passes });
    return {
      title: 'Approvals in SQLite, ÷ a bare update or a short list in the same run',
      notes: [
        `bare update: one row of ${RECORD} bytes by its primary key, WAL, synchronous = FULL, committed by itself`,
        'request, vote and consume are each one durable transaction, encrypted and authenticated',
        `lists: a page of 100 (of a session: 10) among ${MANY} pending approvals, over the same among ${FEW}`,
      ],
      rows: compare(rounds, [
        row('request ÷ bare update', 'request', 'bare', 3),
        row('vote ÷ bare update', 'vote', 'bare', 3),
        row('consume ÷ bare update', 'consume', 'bare', 1.3),
        row('pending of a tenant', 'tenant, many', 'tenant, few', 1.5),
        row('pending of a person and tool', 'person, many', 'person, few', 1.5),
        row('one session', 'session, many', 'session, few', 1.5),
      ]),
      times: times(rounds),
    };
  } finally {
    end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(what: string, of: string, over: string, limit: number) {
  return { what, of, over, targets: [{ statistic: 'p50', limit }] } as const;
}

function approvalVariants(folder: string): {
  readonly variants: readonly Variant[];
  readonly end: () => void;
} {
  const store = sqliteApprovals(join(folder, 'approvals.db'), {
    key,
    maxPending: Infinity,
    maxPendingPerSession: Infinity,
  });
  let count = 0;
  const request = async (): Promise<string> => {
    const aid = `aid-${(count += 1)}`;
    await store.create(draftOf(aid, { expiresMs: EXPIRES_MS }), aid);
    return aid;
  };
  const vote = async (aid: string) => store.vote(aid, voteOf('ann'), 1);
  let pending = request();
  let approved = request();
  const approve = async (): Promise<void> => {
    approved = request();
    await vote(await approved);
  };
  const ready = approve();

  const bare = new DatabaseSync(join(folder, 'bare.db'));
  bare.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  bare.exec('CREATE TABLE record (id INTEGER PRIMARY KEY, box BLOB)');
  bare.prepare('INSERT INTO record VALUES (1, ?)').run(randomBytes(RECORD));
  const update = bare.prepare('UPDATE record SET box = ? WHERE id = 1');
  // Nothing is written where nothing has changed.
  const boxes = [randomBytes(RECORD), randomBytes(RECORD)] as const;

  const many = filled(join(folder, 'many.db'), MANY);
  const few = filled(join(folder, 'few.db'), FEW);
  const lists: ReadonlyArray<readonly [string, ApprovalFilter]> = [
    ['tenant', { tenant: 'acme', state: 'pending' }],
    ['person', { tenant: 'acme', principal: 'p-7', tool: 'pay', state: 'pending' }],
    ['session', { session: 's-7', state: 'pending' }],
  ];

  return {
    variants: [
      one('bare', () => update.run(boxes[(count += 1) % 2 === 0 ? 0 : 1])),
      one('request', request),
      one(
        'vote',
        async () => {
          const { ok } = await vote(await pending);
          assert(ok);
        },
        async () => {
          pending = request();
          await pending;
        },
      ),
      one(
        'consume',
        async () => {
          const { ok } = await store.consume(await approved, 'claim', BINDINGS);
          assert(ok);
        },
        async () => {
          await ready;
          await approve();
        },
      ),
      ...lists.flatMap(([name, filter]) => [
        one(`${name}, many`, () => many.list(filter)),
        one(`${name}, few`, () => few.list(filter)),
      ]),
    ],
    end() {
      for (const each of [store, many, few, bare]) each.close();
    },
  };
}

function one(name: string, run: () => unknown, between?: () => unknown): Variant {
  return { name, iterations: 1, run, ...(between === undefined ? {} : { between }) };
}

/** A store with so many pending approvals: a hundred of each person, ten in each session. */
function filled(path: string, count: number): ReturnType<typeof sqliteApprovals> {
  const file = openApprovalsFile(path, key, Date.now);
  const rows = rowsOf(file, true);
  file.write(() => {
    for (let n = 0; n < count; n += 1) {
      const bindings = {
        ...BINDINGS,
        principal: `p-${n % (count / 100)}`,
        session: `s-${n % (count / 10)}`,
      };
      const draft = draftOf(`aid-${n}`, { bindings, expiresMs: EXPIRES_MS });
      rows.insert(approvalLifecycle.newApproval(draft, Date.now()), draft.aid);
    }
  });
  file.close();
  return sqliteApprovals(path, { key });
}
