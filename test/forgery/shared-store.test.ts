import { join } from 'node:path';
import { sqliteApprovals } from '@guardstile/approvals';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { ATTACKS } from './attacks.ts';
import { carryOut } from './carry-out.ts';
import { complaintsOf } from './complaints.ts';
import { protectionsOf, sdksOf } from './measure.ts';
import { RUNS } from './run.ts';
import type { Setting, Stage } from './world.ts';

/** Every way to run the SDK for every attack, instead of one of them in turn: some minutes. */
const IN_FULL = process.env['GUARDSTILE_ATTACKS'] === 'all';

const KEY = new Uint8Array(32).fill(7);

/** One file; each server has a connection of its own, and each request that claims anything a server of its own. */
function oneFile(): Setting {
  const path = join(temporaryDirectory(), 'approvals.db');
  return {
    restarts: true,
    connect(clock) {
      const store = sqliteApprovals(path, { key: KEY, clock });
      onTestFinished(() => store.close());
      return store;
    },
  };
}

const all = ATTACKS.flatMap((attack) =>
  sdksOf(attack)
    .filter(({ major }) => major > 5) // which resumes nothing
    .flatMap((sdk) =>
      protectionsOf(attack, sdk)
        .filter(({ guarded }) => guarded)
        .map((protection) => ({ attack, sdk, protection })),
    ),
);

const cases = all.flatMap(({ attack, sdk, protection }, i) =>
  RUNS.filter((_, n) => IN_FULL || n === i % RUNS.length).map((run) => {
    const stage: Stage = { sdk, run, protection, secret: false };
    const where = `ai ${sdk.major}, ${protection.name}, ${run.name}`;
    return [`${where}: ${attack.name}`, attack, stage] as const;
  }),
);

describe('an attack on what another server asked, over a file, starts no body that nobody approved', () => {
  it.each(cases)('%s', async (_, attack, stage) => {
    const effect = await carryOut(attack, stage, oneFile());
    expect(complaintsOf(attack, { stage, effect })).toEqual([]);
  });
});
