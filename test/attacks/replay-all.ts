import type { PolicyInput } from '@guardstile/core';
import type { Data, Suite, Trace } from './data.ts';
import { type Figures, figuresOf, problemsOf } from './metrics.ts';
import type { Problem, Verdict } from './check-call.ts';
import type { ReplayEngine } from './replay-engine.ts';
import { guardedBy, replayTrace, type TraceReport } from './replay-trace.ts';

/** The figures of one suite in one data set. */
export interface Row {
  readonly suite: string;
  readonly set: string;
  readonly figures: Figures;
}

/** What was decided in one run, call by call. */
export interface RunVerdicts {
  /** Names the run, the same in every replay of the same data. */
  readonly run: string;
  readonly verdicts: readonly Verdict[];
}

export interface Replay {
  readonly rows: readonly Row[];
  readonly total: Figures;
  readonly runs: readonly RunVerdicts[];
  readonly problems: readonly (Problem & { readonly suite: string; readonly set: string })[];
}

/** The policy of a suite. */
export type PolicyOf = (suite: string) => PolicyInput;

/** Replays every run of the data, each behind a guard and a log of its own. */
export async function replayAll<Tools>(
  { suites, sets }: Data,
  engine: ReplayEngine<Tools>,
  policyOf: PolicyOf,
): Promise<Replay> {
  const all: TraceReport[] = [];
  const rows: Row[] = [];
  const runs: RunVerdicts[] = [];
  const problems: Replay['problems'][number][] = [];
  for (const suite of suites) {
    for (const { name: set, traces } of sets) {
      const own = traces.filter((trace) => trace.suite === suite.suite);
      const reports = await replayEach(own, suite, engine, policyOf(suite.suite));
      const place = { suite: suite.suite, set };
      all.push(...reports);
      runs.push(...reports.map((report, n) => verdictsOf(`${suite.suite}, ${set}, ${n}`, report)));
      rows.push({ ...place, figures: figuresOf(reports) });
      problems.push(...problemsOf(reports).map((problem) => ({ ...place, ...problem })));
    }
  }
  return { rows, total: figuresOf(all), runs, problems };
}

function verdictsOf(run: string, { calls }: TraceReport): RunVerdicts {
  return { run, verdicts: calls.map(({ verdict }) => verdict) };
}

async function replayEach<Tools>(
  traces: readonly Trace[],
  suite: Suite,
  engine: ReplayEngine<Tools>,
  policy: PolicyInput,
): Promise<readonly TraceReport[]> {
  const reports: TraceReport[] = [];
  for (const trace of traces) {
    // Runs are independent; one after the other keeps a busy machine's memory small.
    reports.push(await replayTrace(trace, suite, engine, guardedBy(engine, policy)));
  }
  return reports;
}
