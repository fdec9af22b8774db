import type { Share } from '../metrics.ts';
import { draw, drawGroups } from '../table.ts';
import type { Evaluation } from './evaluation.ts';
import { type Figures, figuresOf } from './figures.ts';

const TITLES = ['STOP', 'DENY', 'SILENT', 'BROKEN', 'ASK', 'WORK'];

/** One contender, a line for each suite and way of attacking. */
export function detailsOf({ contender, rows, leftOut }: Evaluation): string {
  const lines = rows.map(({ suite, set, runs }) => [suite, set, ...cellsOf(figuresOf(runs))]);
  const all = cellsOf(figuresOf(rows.flatMap(({ runs }) => runs)));
  const table = draw([['suite', 'runs of', 'runs', ...TITLES]], lines, ['all', '', ...all]);
  const left = leftOut.map((why) => `not measured: ${why}`);
  return [`${contender.name}: ${contender.title}`, table, ...left].join('\n');
}

/** All contenders beside each other, a line for each. */
export function summaryOf(evaluations: readonly Evaluation[]): string {
  const suites = [...new Set(evaluations.flatMap(({ rows }) => rows.map(({ suite }) => suite)))];
  const groups = [...suites, undefined].map((suite) =>
    evaluations.map(({ contender, rows }) => {
      const runs = rows.filter((row) => suite === undefined || row.suite === suite);
      const figures = figuresOf(runs.flatMap((row) => row.runs));
      return [suite ?? 'all', contender.name, ...cellsOf(figures)];
    }),
  );
  return drawGroups([['suite', 'policy', 'runs', ...TITLES]], groups);
}

function cellsOf({ runs, stop, deny, silent, broken, ask, work }: Figures): readonly string[] {
  return [String(runs), ...[stop, deny, silent, broken, ask, work].map(percent)];
}

/** Never rounded up to all of them, never down to none. */
function percent({ count, of }: Share): string {
  if (of === 0) return '-';
  const tenths = Math.round((count / of) * 1000);
  if (tenths === 1000 && count < of) return '>99.9 %';
  if (tenths === 0 && count > 0) return '<0.1 %';
  return `${(tenths / 10).toFixed(1)} %`;
}
