import { readFileSync } from 'node:fs';

const BEGIN = '<!-- probe: measured and written by `node test/sandbox/write-probe-table.ts` -->';
const END = '<!-- /probe -->';

/** The README that shows what each tier stops. */
export const README: URL = new URL('../../packages/sandbox/README.md', import.meta.url);

/** The README with this table between its marks. */
export function withTable(table: string): string {
  const readme = readFileSync(README, 'utf8');
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`the README has no ${BEGIN} … ${END}`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${table}\n\n${readme.slice(end)}`;
}
