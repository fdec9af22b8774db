import { join } from 'node:path';

import { createAuditKeys } from '@guardstile/audit';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../support/temporary-directory.ts';
import { expectWhole, type WriterOptions, writeUntil } from './audit-ledger.ts';

// 1,000 rounds: GUARDSTILE_KILL_ROUNDS=1000 npx vitest run test/faults/audit-kill.test.ts
const ROUNDS = Number(process.env['GUARDSTILE_KILL_ROUNDS'] ?? 100);
/** So many rounds kill writers of one log, before a new one is begun: reading it stays short. */
const PER_LOG = 10;
/** So many logs at once. */
const LANES = 4;

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };

/** A number from 0 to 1 that looks random and is the same in every run. */
function pick(round: number, what: number): number {
  return (Math.imul(round * 31 + what + 1, 2_654_435_761) >>> 0) / 2 ** 32;
}

interface Tally {
  acknowledged: number;
  ran: number;
  unknown: number;
  torn: number;
}

/** Half of the rounds are killed in the middle of a write, half of them from outside at any time. */
async function killOnce(log: WriterOptions, round: number, tally: Tally): Promise<void> {
  const callers = 1 + (round % 5) * 8;
  const torn = log.kind !== 'sqlite' && round % 2 === 1;
  const tear = torn ? { nth: 1 + Math.floor(pick(round, 1) * 12), part: pick(round, 2) } : null;
  const options = { ...log, callers, tear, pad: Math.floor(pick(round, 3) * 1000) };
  const lines = torn ? Infinity : 1 + Math.floor(pick(round, 4) * 60);
  const ledger = await writeUntil(options, { lines });
  expect(ledger.killed, ledger.errors).toBe(true);
  const after = await expectWhole(options, ledger);
  tally.acknowledged += ledger.acknowledged.size;
  tally.ran += ledger.ran.length;
  tally.unknown += after.unknown.length;
  tally.torn += after.tornTail ? 1 : 0;
}

async function killAgainAndAgain(kind: 'file' | 'sqlite', rounds: number): Promise<Tally> {
  const tally: Tally = { acknowledged: 0, ran: 0, unknown: 0, torn: 0 };
  const logs = Array.from({ length: Math.ceil(rounds / PER_LOG) }, (_, n) => ({
    first: n * PER_LOG,
    path: join(temporaryDirectory(), 'log'),
  }));
  async function lane(): Promise<void> {
    for (let log = logs.shift(); log !== undefined; log = logs.shift()) {
      const last = Math.min(log.first + PER_LOG, rounds);
      for (let round = log.first; round < last; round += 1) {
        await killOnce({ path: log.path, keys, kind }, round, tally);
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  return tally;
}

describe('a writer that is killed, again and again', () => {
  it.each([
    { kind: 'file', rounds: ROUNDS },
    { kind: 'sqlite', rounds: Math.ceil(ROUNDS / 5) },
  ] as const)(
    'loses nothing that it acknowledged in $rounds rounds with a $kind log, and nothing ran without an allow on disk',
    async ({ kind, rounds }) => {
      const tally = await killAgainAndAgain(kind, rounds);
      console.log(`${kind}: ${rounds} rounds, ${JSON.stringify(tally)}`);
      expect(tally.acknowledged).toBeGreaterThan(rounds);
      expect(tally.ran).toBeGreaterThan(0);
      if (kind === 'file') expect(tally.torn).toBeGreaterThan(rounds / 4);
    },
    60_000 + ROUNDS * 5000,
  );
});
