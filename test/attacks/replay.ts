import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Column, comparisonOf } from './comparison.ts';
import { commonConclusion } from './conclusion.ts';
import { missingData, readData } from './data.ts';
import { defaultDeny } from './policies.ts';
import { replayers } from './replayers.ts';
import { tableOf } from './table.ts';
import { takeEvery } from './take-every.ts';

// `npm run replay [-- --json FILE] [--every N]`: replays every recorded run, or beside all pairs every
// N-th of the others, through everything that Guardstile supports and prints the figures. Exits with 1
// if a sink call was allowed, a body ran that was not, a result changed, a log is wrong or two columns
// decided differently.

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, every: { type: 'string', default: '1' } },
  });
  const every = Number(values.every);
  if (!Number.isInteger(every) || every < 1) {
    throw new Error('--every takes a whole number above 0');
  }
  const missing = missingData();
  if (missing !== undefined) {
    console.log(`SKIPPED: no recorded run was replayed, because ${missing}.`);
    return;
  }
  const data = takeEvery(readData(), every);
  const columns: Column[] = [];
  // One after the other keeps a busy machine's memory small.
  for (const { name, replay } of replayers) {
    columns.push({ name, replay: await replay(data, defaultDeny) });
  }
  const { ok, text } = commonConclusion(columns);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify(columns, null, 2)}\n`);
  }
  const [first] = columns;
  if (first !== undefined) console.log(`${first.name}\n\n${tableOf(first.replay)}`);
  console.log(`${comparisonOf(columns)}\n\n${text}`);
  if (!ok) process.exitCode = 1;
}

await main();
