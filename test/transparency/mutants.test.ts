import { describe, expect, it } from 'vitest';
import { type Face, faces } from './face.ts';
import { approvalMutants, type Mutant, mutants, shapeMutants } from './mutants.ts';
import { observe } from './observe.ts';
import { shapeOf } from './shape-of.ts';
import { aroundTools, nothing, type Protect, type Situation } from './situation.ts';
import { situations } from './situations/all.ts';
import { toolsOf } from './tools-of.ts';
import { ways } from './ways.ts';

// The comparison is worth something only if it notices what is not invisible.

function situationOf({ situation }: Mutant): Situation {
  const found = Object.values(situations)
    .flat()
    .find(({ name }) => name === situation);
  if (found === undefined) throw new Error(`there is no situation "${situation}"`);
  return found;
}

/** The ways in which the mutant is seen. */
async function noticed(mutant: Mutant, sdk: Face): Promise<readonly string[]> {
  const situation = situationOf(mutant);
  const seen: string[] = [];
  for (const way of ways) {
    const plain = await observe(situation, sdk, way, aroundTools(nothing));
    if ((await observe(situation, sdk, way, aroundTools(mutant.protect))) !== plain)
      seen.push(way.name);
  }
  return seen;
}

describe.each(Object.values(faces))('through $name a wrapper is noticed that', (sdk) => {
  const own = sdk.nativeApproval ? [...mutants, ...approvalMutants] : mutants;

  it.each(own)('$name', async (mutant) => {
    expect(await noticed(mutant, sdk)).not.toEqual([]);
  });
});

describe('on the tools themselves a wrapper is noticed that', () => {
  const shape = (mutant: Mutant, protect: Protect) =>
    shapeOf(protect, toolsOf(situationOf(mutant)));

  it.each(shapeMutants)('$name', async (mutant) => {
    expect(await shape(mutant, mutant.protect)).not.toBe(await shape(mutant, nothing));
  });
});
