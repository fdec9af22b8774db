import { type Group, met, type Row, type Spread, type Target, type Time } from './figures.ts';

const HEAD = ['', 'target', 'met', 'p50 (range of rounds)', 'p99', 'mean'];
const SIZE_HEAD = ['', 'target', 'met', 'size'];

/** A group as text: title, what was measured, the rows, and how long the variants took. */
export function tableOf({ title, notes, rows, times }: Group): string {
  const head = rows.every(({ figures }) => figures.size !== undefined) ? SIZE_HEAD : HEAD;
  const lines = [head, ...rows.map(cellsOf)];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const table = lines.map(
    (line) => `  ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`,
  );
  return [
    title,
    ...notes.map((note) => `  - ${note}`),
    '',
    ...table.map((line) => line.trimEnd()),
    ...(times.length === 0
      ? []
      : [
          '',
          '  medians on this machine now, and the part of the time that went into garbage collection:',
        ]),
    ...times.map(timeOf),
  ].join('\n');
}

function cellsOf(row: Row): string[] {
  const { p50, p99, mean, size } = row.figures;
  return [
    row.what,
    row.targets.map(targetOf).join(', '),
    row.targets.map((target) => (met(row, target) ? 'yes' : 'NO')).join(', '),
    ...(size === undefined ? [] : [`${number(size.median)} kB`]),
    ...(p50 === undefined ? [] : [`${number(p50.median)} ${range(p50)}`]),
    ...[p99, mean].map((spread) => (spread === undefined ? '' : number(spread.median))),
  ];
}

function targetOf({ statistic, limit, kind = 'at most' }: Target): string {
  return `${statistic} ${kind === 'below' ? '<' : '<='} ${limit}`;
}

function range({ lowest, highest }: Spread): string {
  return `(${number(lowest)} to ${number(highest)})`;
}

function timeOf({ variant, p50, samples, collecting }: Time): string {
  return `    ${variant}: ${number(p50.median)} µs, ${(collecting * 100).toFixed(1)} % (${samples} samples)`;
}

function number(value: number): string {
  return value < 10 ? value.toFixed(3) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}
