import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { raceTable, TRIES } from './race-table.ts';

// Writes the figures of this machine into the README: node test/sandbox/write-race-table.ts

const BEGIN = '<!-- race: measured and written by `node test/sandbox/write-race-table.ts` -->';
const END = '<!-- /race -->';
const file = new URL('../../packages/sandbox/README.md', import.meta.url);

const table = await raceTable(TRIES);
const readme = readFileSync(file, 'utf8');
const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`the README has no ${BEGIN} … ${END}`);
writeFileSync(file, `${readme.slice(0, begin)}${BEGIN}\n\n${table}\n\n${readme.slice(end)}`);
execFileSync('npx', ['oxfmt', fileURLToPath(file)], { stdio: 'inherit' });
