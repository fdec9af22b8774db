import { race, STRATEGIES } from './race.ts';

/** How many tries the table of the README takes per strategy. */
export const TRIES = 40_000;

/** Every way to open a path, raced against a process that exchanges names for links. */
export async function raceTable(tries: number): Promise<string> {
  const rows: string[] = [];
  for (const strategy of STRATEGIES) {
    const { escapes } = await race(strategy, tries);
    rows.push(`| ${strategy.name} | ${tries} | ${escapes} |`);
  }
  return ['| how the file is opened | tries | outside |', '| --- | --- | --- |', ...rows].join(
    '\n',
  );
}
