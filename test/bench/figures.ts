import type { Round } from './harness.ts';
import { median } from './statistics.ts';

export type Statistic = 'p50' | 'p99' | 'mean' | 'size';

/** What was reached over the rounds. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** A goal to beat. */
export interface Target {
  readonly statistic: Statistic;
  readonly limit: number;
  /** Whether reaching the limit is enough, or it has to be beaten. @default 'at most' */
  readonly kind?: 'at most' | 'below';
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** Ratios, or a size in kB (1000 bytes). */
  readonly figures: Readonly<Partial<Record<Statistic, Spread>>>;
  /** Empty where the line is only there for comparison. */
  readonly targets: readonly Target[];
}

/** The time of one variant, in microseconds: says how large the floor is, no more. */
export interface Time {
  readonly variant: string;
  readonly p50: Spread;
  readonly samples: number;
  readonly collecting: number;
}

/** Rows that were measured in one interleaved run. */
export interface Group {
  readonly title: string;
  /** What exactly was measured. */
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
  readonly times: readonly Time[];
}

/** A row to be: one variant over another. */
export interface Comparison {
  readonly what: string;
  readonly of: string;
  readonly over: string;
  readonly targets?: readonly Target[];
}

/** Ratios are taken within each round, so that a slow round is slow for both. */
export function compare(
  rounds: readonly Round[],
  comparisons: readonly Comparison[],
): readonly Row[] {
  return comparisons.map(({ what, of, over, targets = [] }) => {
    const ratio = (statistic: 'p50' | 'p99' | 'mean'): Spread =>
      spread(rounds.map((round) => at(round, of)[statistic] / at(round, over)[statistic]));
    return {
      what,
      figures: { p50: ratio('p50'), p99: ratio('p99'), mean: ratio('mean') },
      targets,
    };
  });
}

export function times(rounds: readonly Round[]): readonly Time[] {
  const [first] = rounds;
  return [...(first?.keys() ?? [])].map((variant) => ({
    variant,
    p50: spread(rounds.map((round) => at(round, variant).p50)),
    samples: rounds.reduce((sum, round) => sum + at(round, variant).samples, 0),
    collecting: median(rounds.map((round) => at(round, variant).collecting)),
  }));
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

/** Whether a row met a target; a figure that was not taken met nothing. */
export function met({ figures }: Row, { statistic, limit, kind = 'at most' }: Target): boolean {
  const reached = figures[statistic]?.median ?? Number.POSITIVE_INFINITY;
  return kind === 'below' ? reached < limit : reached <= limit;
}

function at(round: Round, variant: string): NonNullable<ReturnType<Round['get']>> {
  const measured = round.get(variant);
  if (measured === undefined) throw new Error(`nothing was measured under the name "${variant}"`);
  return measured;
}
