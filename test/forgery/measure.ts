import { type Face, faces } from '../transparency/face.ts';
import type { Attack } from './attack.ts';
import { carryOut, type Effect } from './carry-out.ts';
import { bare, PROTECTIONS, type Protection } from './protection.ts';
import { RUNS } from './run.ts';
import type { Stage } from './world.ts';

const SDKS: readonly Face[] = [faces['ai 5'], faces['ai 6'], faces['ai 7']];

/** What came of an attack on one stage. */
export interface Measured {
  readonly stage: Stage;
  readonly effect: Effect;
}

const known = new Map<string, Promise<readonly Measured[]>>();

/** The versions in which an attack can be tried. */
export function sdksOf({ majors = [6, 7] }: Attack): readonly Face[] {
  return SDKS.filter(({ major }) => majors.includes(major));
}

/** What stands between a client and the tools, in that version, the SDK alone included. */
export function protectionsOf(attack: Attack, { major }: Face): readonly Protection[] {
  const { majors = [6, 7], bareMajors = majors } = attack;
  return [...PROTECTIONS, bare].filter(
    (one) => one.majors.includes(major) && (one.guarded || bareMajors.includes(major)),
  );
}

/** Carries the attack out in every way to run that version; once, however often it is asked. */
export function measure(
  attack: Attack,
  sdk: Face,
  protection: Protection,
): Promise<readonly Measured[]> {
  const key = [attack.name, sdk.major, protection.name].join('/');
  const measured = known.get(key) ?? everyRun(attack, sdk, protection);
  known.set(key, measured);
  return measured;
}

async function everyRun(
  attack: Attack,
  sdk: Face,
  protection: Protection,
): Promise<readonly Measured[]> {
  const all: Measured[] = [];
  for (const secret of [false, true]) {
    for (const run of RUNS) {
      const stage: Stage = { sdk, run, protection, secret };
      all.push({ stage, effect: await carryOut(attack, stage) });
    }
  }
  return all;
}
