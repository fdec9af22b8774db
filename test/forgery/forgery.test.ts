import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ATTACKS } from './attacks.ts';
import { complaintsOf } from './complaints.ts';
import { measure, protectionsOf, sdksOf } from './measure.ts';
import { README, withSection } from './readme-section.ts';
import { attackTable } from './table.ts';

/** In milliseconds: where that test runs alone, it carries out every attack. */
const ALL_OF_IT = 300_000;

const all = ATTACKS.flatMap((attack) =>
  sdksOf(attack).flatMap((sdk) =>
    protectionsOf(attack, sdk).map((protection) => ({
      attack,
      sdk,
      protection,
    })),
  ),
);

type Case = (typeof all)[number];

function named(guarded: boolean): ReadonlyArray<readonly [string, Case]> {
  return all
    .filter(({ protection }) => protection.guarded === guarded)
    .map((one) => [`ai ${one.sdk.major}, ${one.protection.name}: ${one.attack.name}`, one]);
}

describe('an attack starts no body that nobody approved', () => {
  it.each(named(true))('%s', async (_, { attack, sdk, protection }) => {
    const measured = await measure(attack, sdk, protection);
    expect(measured.flatMap((one) => complaintsOf(attack, one))).toEqual([]);
  });
});

describe('without a guard an honest approval runs once too, after whatever happened', () => {
  it.each(named(false))('%s', async (_, { attack, sdk, protection }) => {
    const measured = await measure(attack, sdk, protection);
    expect(measured.map(({ effect }) => effect.honest)).toEqual(measured.map(() => 1));
  });
});

describe('the README of the adapter', () => {
  it(
    'shows what was measured; `node test/forgery/write-table.ts` writes it anew',
    async () => {
      const shown = readFileSync(README, 'utf8');
      const measured = withSection(await attackTable());
      // First what is new, without the spaces that align it.
      const lines = new Set(linesOf(shown));
      expect(linesOf(measured).filter((line) => !lines.has(line))).toEqual([]);
      expect(shown === measured, 'lines are gone, or moved').toBe(true);
    },
    ALL_OF_IT,
  );
});

function linesOf(text: string): readonly string[] {
  return text.replaceAll(/ {2,}|-{2,}/g, ' ').split('\n');
}
