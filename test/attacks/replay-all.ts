import type { PolicyInput } from '@guardstile/core';
import type { Data, Suite, Trace } from './data.ts';
import { type Figures, figuresOf, problemsOf } from './metrics.ts';
import type { Problem } from './check-call.ts';
import { guardedBy, replayTrace, type TraceReport } from './replay-trace.ts';

/** The figures of one suite in one data set. */
export interface Row {
  readonly suite: string;
  readonly set: string;
  readonly figures: Figures;
}

export interface Replay {
  readonly rows: readonly Row[];
  readonly total: Figures;
  readonly problems: readonly (Problem & { readonly suite: string; readonly set: string })[];
}

/** Replays every run of the data, each behind a guard and a log of its own. */
export async function replayAll(
  { suites, sets }: Data,
  policyOf: (suite: string) => PolicyInput,
): Promise<Replay> {
  const all: TraceReport[] = [];
  const rows: Row[] = [];
  const problems: Replay['problems'][number][] = [];
  for (const suite of suites) {
    for (const { name: set, traces } of sets) {
      const own = traces.filter((trace) => trace.suite === suite.suite);
      const reports = await replayEach(own, suite, policyOf(suite.suite));
      const place = { suite: suite.suite, set };
      all.push(...reports);
      rows.push({ ...place, figures: figuresOf(reports) });
      problems.push(...problemsOf(reports).map((problem) => ({ ...place, ...problem })));
    }
  }
  return { rows, total: figuresOf(all), problems };
}

async function replayEach(
  traces: readonly Trace[],
  suite: Suite,
  policy: PolicyInput,
): Promise<readonly TraceReport[]> {
  const reports: TraceReport[] = [];
  for (const trace of traces) {
    // Runs are independent; one after the other keeps a busy machine's memory small.
    reports.push(await replayTrace(trace, suite, guardedBy(policy)));
  }
  return reports;
}
