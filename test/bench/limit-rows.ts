import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { type KeyedClaim, type Limits, memoryLimits } from '@guardstile/core';
import { sqliteLimits } from '@guardstile/limits';

import { compare, type Group, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';

/** Calls that a limit counts already, so that its window is full of them. */
const MANY = 20_000;
const HOUR = 3_600_000;

/** Until a write-ahead log has its size: it grows until it is copied back for the first time. */
const SETTLING_IN = 1500;

/** What counting a call costs: reserving before it starts, settling when it is over. */
export async function limitRows({ generateText: plan }: BenchPlan): Promise<Group> {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-bench-'));
  const { variants, end } = limitVariants(folder);
  const passes = Math.min(plan.passes, 60);
  try {
    const rounds = await measure(variants, { ...plan, passes, warmupPasses: passes });
    return {
      title: 'Limits, reserve and settle together ÷ the store’s own single update in the same run',
      notes: [
        'SQLite: one row by its primary key, WAL, synchronous = FULL, committed by itself; memory: an entry of a Map',
        `many: a limit whose window holds ${MANY} calls already`,
      ],
      rows: compare(rounds, [
        row('SQLite, one limit', 'sqlite', 'bare', 1.5),
        row('SQLite, one limit and one at once', 'sqlite, two', 'bare', 2),
        row('SQLite, many', 'sqlite, many', 'bare', 1.5),
        row('memory, many ÷ memory', 'memory, many', 'memory', 1.5),
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

function limitVariants(folder: string): {
  readonly variants: readonly Variant[];
  readonly end: () => void;
} {
  const sqlite = sqliteLimits(join(folder, 'limits.db'));
  const two = sqliteLimits(join(folder, 'two.db'));
  const many = sqliteLimits(join(folder, 'many.db'));
  const memory = memoryLimits();
  const memoryMany = memoryLimits();
  for (let n = 0; n < MANY; n += 1) {
    for (const limits of [many, memoryMany]) use(limits, [claim()]);
  }
  const bare = new DatabaseSync(join(folder, 'bare.db'));
  bare.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  bare.exec('CREATE TABLE used (id INTEGER PRIMARY KEY, amount INTEGER)');
  bare.exec('INSERT INTO used VALUES (1, 0)');
  const update = bare.prepare('UPDATE used SET amount = amount + 1 WHERE id = 1');
  for (let n = 0; n < SETTLING_IN; n += 1) {
    update.run();
    use(sqlite, [claim()]);
  }

  return {
    variants: [
      one('bare', () => update.run()),
      one('sqlite', () => use(sqlite, [claim()])),
      one('sqlite, two', () => use(two, [claim(), claim({ key: 'at once', windowMs: 0 })])),
      one('sqlite, many', () => use(many, [claim()])),
      one('memory', () => use(memory, [claim()]), 50),
      one('memory, many', () => use(memoryMany, [claim()]), 50),
    ],
    end() {
      for (const each of [sqlite, two, many, bare]) each.close();
    },
  };
}

let attempts = 0;

function use(limits: Limits, claims: readonly KeyedClaim[]): void {
  const attempt = `att_0kq9x1m8z3c2v7b5n4t6r${(attempts += 1).toString(36)}`;
  const reservation = limits.reserve(claims, attempt, HOUR);
  assert('ok' in reservation && reservation.ok);
  void limits.settle(attempt);
}

function claim(fields: Partial<KeyedClaim> = {}): KeyedClaim {
  return {
    key: '["refunds-per-day","principal","acme","ann"]',
    amount: 1,
    max: Number.MAX_SAFE_INTEGER,
    windowMs: HOUR,
    ...fields,
  };
}

function one(name: string, run: () => unknown, iterations = 1): Variant {
  return { name, iterations, run };
}
