import type { Evaluation } from './evaluation.ts';
import { figuresOf } from './figures.ts';

/** All figures as counts, and the verdict on every call in recorded order, for other programs. */
export function figuresJson(evaluations: readonly Evaluation[], every: number): string {
  const policies = evaluations.map(({ contender, rows, leftOut, differences, seconds }) => ({
    policy: contender.name,
    seconds,
    leftOut,
    differences,
    all: figuresOf(rows.flatMap(({ runs }) => runs)),
    rows: rows.map(({ suite, set, runs }) => ({
      suite,
      set,
      figures: figuresOf(runs),
      verdicts: runs.map(({ calls }) => calls.map(({ verdict }) => verdict).join(' ')),
    })),
  }));
  return `${JSON.stringify({ every, policies }, null, 1)}\n`;
}
