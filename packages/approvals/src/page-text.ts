import { S_BAR, S_BAR_START } from '@clack/prompts';

import type { Page } from './page.ts';
import { wrap } from './wrap.ts';

const USUAL_WIDTH = 80;
const GUTTER = `${S_BAR}  `;

/** The page as a terminal of that many columns shows it, in the style of the prompt below it. */
export function pageText({ lines }: Page, columns: number | undefined): string {
  const width = columns === undefined || columns <= 0 ? USUAL_WIDTH : columns;
  const rows = lines.flatMap((line) => wrap(line, width - GUTTER.length));
  return `${S_BAR_START}  Approval needed\n${rows.map((row) => `${GUTTER}${row}\n`).join('')}`;
}
