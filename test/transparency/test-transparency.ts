import { beforeAll, describe, expect, it } from 'vitest';
import type { Face } from './face.ts';
import { guards } from './guards.ts';
import { observe } from './observe.ts';
import { type Around, aroundTools, nothing, type Situation } from './situation.ts';
import { situations } from './situations/all.ts';
import { ways } from './ways.ts';

/** Every situation that the version knows, in every way, with and without guards. */
export function testTransparency(sdk: Face): void {
  for (const [name, group] of Object.entries<readonly Situation[]>(situations)) {
    const known = group.filter(({ versions = [sdk.name] }) => versions.includes(sdk.name));
    if (known.length === 0) continue;
    describe(name, () => {
      describe.each(known)('$name', (situation) => compareAll(sdk, situation));
    });
  }
}

function compareAll(sdk: Face, situation: Situation): void {
  let plain: ReadonlyMap<string, string>;

  const observeAll = async (around: Around): Promise<ReadonlyMap<string, string>> => {
    const seen = new Map<string, string>();
    for (const way of ways) seen.set(way.name, await observe(situation, sdk, way, around));
    return seen;
  };

  beforeAll(async () => {
    plain = await observeAll(aroundTools(nothing));
  });

  it('is the same every time without a guard', async () => {
    for (const [way, seen] of await observeAll(aroundTools(nothing)))
      expect(seen, way).toBe(plain.get(way));
  });

  const fitting = guards.filter(
    ({ waits, versions = [sdk.name] }) =>
      versions.includes(sdk.name) && !(waits && situation.atOnce === true),
  );
  it.each(fitting)('is the same with $name', async ({ around, reasons = false }) => {
    const comparable = reasons ? withoutReasons : String;
    for (const [way, seen] of await observeAll(around)) {
      expect(comparable(seen), way).toBe(comparable(plain.get(way) ?? ''));
    }
  });
}

/** Without the lines that give a reason, and without the commas that follow from them. */
function withoutReasons(seen: string): string {
  return seen
    .split('\n')
    .filter((line) => !/^[ "]*\\?"(?:reason|requestReason)\\?": /.test(line))
    .map((line) => line.replace(/,?"?,?$/, ''))
    .join('\n');
}
