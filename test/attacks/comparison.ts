import { isDeepStrictEqual } from 'node:util';
import type { Figures } from './metrics.ts';
import type { Replay } from './replay-all.ts';
import { draw } from './table.ts';

/** A replay of the same data as its neighbours, through something else. */
export interface Column {
  readonly name: string;
  readonly replay: Replay;
}

/** Runs in which not every column decided the same of every call. */
export function differencesOf([first, ...others]: readonly Column[]): readonly string[] {
  if (first === undefined) return [];
  return others.flatMap((other) => differencesBetween(first, other));
}

function differencesBetween(a: Column, b: Column): readonly string[] {
  const others = new Map(b.replay.runs.map(({ run, verdicts }) => [run, verdicts]));
  const differing = a.replay.runs.filter(
    ({ run, verdicts }) => !isDeepStrictEqual(others.get(run), verdicts),
  );
  const known = new Set(a.replay.runs.map(({ run }) => run));
  const more = b.replay.runs.filter(({ run }) => !known.has(run));
  const say = (verdicts: readonly string[] | undefined) => verdicts?.join(' ') ?? 'not replayed';
  return [
    ...differing.map(
      ({ run, verdicts }) =>
        `${run}: ${a.name}: ${say(verdicts)}; ${b.name}: ${say(others.get(run))}`,
    ),
    ...more.map(
      ({ run, verdicts }) => `${run}: ${a.name}: not replayed; ${b.name}: ${say(verdicts)}`,
    ),
  ];
}

/** What was decided, side by side. */
export function comparisonOf(columns: readonly Column[]): string {
  const [first] = columns;
  if (first === undefined) return 'Nothing was replayed.';
  const { rows, total } = first.replay;
  const figuresAt = ({ replay }: Column, index: number) => replay.rows[index]?.figures;
  const table = draw(
    [['', '', 'runs', 'calls', ...columns.map(({ name }) => name)]],
    rows.map(({ suite, set, figures }, index) => [
      suite,
      set,
      ...counts(figures),
      ...columns.map((column) => cell(figuresAt(column, index))),
    ]),
    ['all', '', ...counts(total), ...columns.map(({ replay }) => cell(replay.total))],
  );
  return `Verdicts (calls allowed + denied + of tools that do not exist)\n${table}`;
}

function counts({ runs, calls }: Figures): readonly string[] {
  return [String(runs), String(calls)];
}

function cell(figures: Figures | undefined): string {
  if (figures === undefined) return '-';
  const { allowed, denied, absent } = figures;
  return `${allowed.of} + ${denied} + ${absent}`;
}
