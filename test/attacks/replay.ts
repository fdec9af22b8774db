import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { conclusionOf } from './conclusion.ts';
import { missingData, readData } from './data.ts';
import { defaultDeny } from './policies.ts';
import { replayAll } from './replay-all.ts';
import { tableOf } from './table.ts';

// `npm run replay [-- --json FILE]`: replays every recorded run and prints the figures. Exits with 1
// if a sink call was allowed, a body ran that was not, a result changed or a log is wrong.

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string' } } });
  const missing = missingData();
  if (missing !== undefined) {
    console.log(`SKIPPED: no recorded run was replayed, because ${missing}.`);
    return;
  }
  const replay = await replayAll(readData(), defaultDeny);
  const { ok, text } = conclusionOf(replay);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(replay, null, 2)}\n`);
  console.log(`${tableOf(replay)}\n${text}`);
  if (!ok) process.exitCode = 1;
}

await main();
