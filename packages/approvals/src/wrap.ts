import { GOES_ON, type Line } from './page.ts';

const NARROWEST = 20;

/**
 * Breaks a line so that a terminal of that width does not. Everything outside ASCII is taken for
 * two columns wide: too early a break does no harm.
 */
export function wrap({ indent, text }: Line, width: number): readonly string[] {
  const columns = Math.max(width, NARROWEST);
  const margin = ' '.repeat(Math.min(2 * indent, Math.floor(columns / 2)));
  const rows: string[] = [];
  let row = margin;
  let left = columns - margin.length;
  for (const character of text) {
    const wide = character.length === 1 && character <= '~' ? 1 : 2;
    if (wide > left) {
      rows.push(row);
      row = margin + GOES_ON;
      left = columns - row.length;
    }
    row += character;
    left -= wide;
  }
  rows.push(row);
  return rows;
}
