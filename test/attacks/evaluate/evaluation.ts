import type { Data, DataSet, Suite, Trace } from '../data.ts';
import type { ReplayEngine } from '../replay-engine.ts';
import type { Contender, Ground } from './contender.ts';
import { judgeRun } from './judge-run.ts';
import type { JudgedRun } from './judged-run.ts';

/** An engine without the type of its tools, so that engines of several frameworks make a list. */
export interface Adapter {
  readonly name: string;
  readonly judge: (
    trace: Trace,
    suite: Suite,
    options: Parameters<typeof judgeRun>[3],
  ) => Promise<JudgedRun>;
}

export function adapterOf<Tools>(engine: ReplayEngine<Tools>): Adapter {
  return {
    name: engine.name,
    judge: (trace, suite, options) => judgeRun(trace, suite, engine, options),
  };
}

/** The runs of one suite in one set, as a contender decided them. */
export interface Row {
  readonly suite: string;
  readonly set: string;
  readonly runs: readonly JudgedRun[];
}

/** Through what runs are judged: the figures are those of the first one. */
export type Adapters = readonly [Adapter, ...Adapter[]];

/** What a contender came to. */
export interface Evaluation {
  readonly contender: Contender;
  readonly rows: readonly Row[];
  /** Suites in which it cannot be measured, and why. */
  readonly leftOut: readonly string[];
  /** Runs that the adapters decided differently, call by call. */
  readonly differences: readonly string[];
  /** What must not have happened, whatever was decided. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** Everything that is decided about the runs of some data: by every adapter, the first one counts. */
export async function evaluate(
  contender: Contender,
  { sets }: Pick<Data, 'sets'>,
  grounds: readonly Ground[],
  adapters: Adapters,
): Promise<Evaluation> {
  const start = performance.now();
  const rows: Row[] = [];
  const leftOut: string[] = [];
  const differences: string[] = [];
  for (const ground of grounds) {
    const prepared = contender.prepare(ground);
    if (prepared.kind === 'left-out') {
      leftOut.push(`${ground.suite.suite}: ${prepared.why}`);
      continue;
    }
    for (const set of sets) {
      const traces = runsOf(set, ground.suite);
      if (traces.length === 0) continue;
      const runs: JudgedRun[] = [];
      for (const [n, trace] of traces.entries()) {
        // One after the other keeps a busy machine's memory small.
        const [first, ...others] = adapters;
        const run = await first.judge(trace, ground.suite, prepared.guard());
        runs.push(run);
        for (const { name, judge } of others) {
          const other = await judge(trace, ground.suite, prepared.guard());
          const place = `${ground.suite.suite}, ${set.name}, run ${n + 1}`;
          differences.push(...differenceOf(place, first.name, run, name, other));
        }
      }
      rows.push({ suite: ground.suite.suite, set: set.name, runs });
    }
  }
  const problems = rows.flatMap(({ suite, set, runs }) =>
    runs.flatMap((run) => run.problems.map((problem) => `${suite}, ${set}: ${problem}`)),
  );
  const seconds = (performance.now() - start) / 1000;
  return { contender, rows, leftOut, differences, problems, seconds };
}

function runsOf({ traces }: DataSet, { suite }: Suite): readonly Trace[] {
  return traces.filter((trace) => trace.suite === suite);
}

function differenceOf(
  place: string,
  nameA: string,
  a: JudgedRun,
  nameB: string,
  b: JudgedRun,
): readonly string[] {
  const problems = b.problems.map((problem) => `${place}, ${nameB}: ${problem}`);
  const call = a.calls.findIndex(({ verdict }, n) => b.calls[n]?.verdict !== verdict);
  if (call === -1) return problems;
  const [one, other] = [a.calls[call], b.calls[call]];
  return [
    ...problems,
    `${place}, call ${call + 1} (${one?.tool}): ${nameA} ${one?.verdict}, ${nameB} ${other?.verdict}`,
  ];
}
