import { readFileSync } from 'node:fs';

const BEGIN =
  '<!-- tampering: measured and written by `node test/faults/write-tampering-table.ts` -->';
const END = '<!-- /tampering -->';

/** The README that shows what is detected. */
export const README: URL = new URL('../../packages/audit/README.md', import.meta.url);

/** The README with this table between its marks. */
export function withTable(table: string): string {
  const readme = readFileSync(README, 'utf8');
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`the README has no ${BEGIN} … ${END}`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${table}\n\n${readme.slice(end)}`;
}
