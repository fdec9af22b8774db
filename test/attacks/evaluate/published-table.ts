import type { Published } from './published.ts';

type Metric = keyof Published[string][string]['all'];

const METRICS: readonly Metric[] = ['stop', 'deny', 'silent', 'broken', 'ask', 'work'];

/** The published figures over all runs of all suites, as the README has them. */
export function publishedTable(published: Published): string {
  const lines = Object.entries(published).map(([policy, places]) => {
    const all = Object.values(places).map((place) => place.all);
    return [`\`${policy}\``, ...METRICS.map((metric) => percent(all.map((one) => one[metric])))];
  });
  const titles = ['policy', ...METRICS.map((metric) => metric.toUpperCase())];
  const widths = titles.map((_, i) =>
    Math.max(...[titles, ...lines].map((line) => line[i]?.length ?? 0)),
  );
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [row(titles), row(rule), ...lines.map(row)].join('\n');
}

function percent(shares: readonly (readonly [count: number, of: number])[]): string {
  const count = shares.reduce((sum, share) => sum + share[0], 0);
  const of = shares.reduce((sum, share) => sum + share[1], 0);
  const rounded = ((100 * count) / of).toFixed(1);
  return rounded === '100.0' && count < of ? '>99.9' : rounded;
}
