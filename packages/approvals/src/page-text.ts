import type { Page } from './page.ts';
import { wrap } from './wrap.ts';

const USUAL_WIDTH = 80;

/** What stands before the lines of a page. */
export interface Frame {
  readonly start: string;
  readonly bar: string;
  readonly columns: number | undefined;
}

/** The page as a terminal of that many columns shows it, in the style of the prompt below it. */
export function pageText(title: string, { lines }: Page, { start, bar, columns }: Frame): string {
  const width = columns === undefined || columns <= 0 ? USUAL_WIDTH : columns;
  const gutter = `${bar}  `;
  const rows = lines.flatMap((line) => wrap(line, width - gutter.length));
  return `${start}  ${title}\n${rows.map((row) => `${gutter}${row}\n`).join('')}`;
}
