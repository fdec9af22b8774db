import { type Data, missingData, readData } from '../attacks/data.ts';
import { namingBy, renamed } from '../attacks/rename.ts';
import { draw } from '../attacks/table.ts';
import { type Figures, figuresOf, type JudgedRun, type Share } from './figures.ts';
import { denying, renamedPolicy, type SuitePolicy, suitePolicies } from './policies.ts';
import { runTrace, toolboxOf } from './run-trace.ts';

// `node test/data-flow/evaluate.ts [--renamed] [--deny] [--why]`: the flow rules over the recorded runs.

/** The figures of one suite in one set of runs. */
interface Row {
  readonly suite: string;
  readonly set: string;
  readonly runs: readonly JudgedRun[];
  readonly figures: Figures;
}

export function evaluate(
  data: Data,
  policies: Readonly<Record<string, SuitePolicy>>,
): readonly Row[] {
  return data.suites.flatMap((suite) => {
    const policy = policies[suite.suite];
    if (policy === undefined) return [];
    const toolbox = toolboxOf(policy);
    return data.sets.flatMap(({ name, traces }) => {
      const own = traces.filter((trace) => trace.suite === suite.suite);
      const runs = own.map((trace) => ({ trace, calls: runTrace(trace, suite, toolbox) }));
      return own.length === 0
        ? []
        : [{ suite: suite.suite, set: name, runs, figures: figuresOf(runs) }];
    });
  });
}

/** The data set and its policies under other names. */
export function renamedBy(seed: number, data: Data): readonly [Data, Record<string, SuitePolicy>] {
  const name = namingBy(seed);
  const policies = Object.entries(suitePolicies).map(
    ([suite, policy]) => [name(suite), renamedPolicy(policy, name)] as const,
  );
  return [renamed(data, name), Object.fromEntries(policies)];
}

/** A table with a line per suite and set, and one for all of it. */
function tableOf(rows: readonly Row[]): string {
  const line = ({ stop, deny, silent, broken, ask, askAll, work }: Figures): readonly string[] =>
    [stop, deny, silent, broken, ask, askAll, work].map(percent);
  const all = figuresOf(rows.flatMap(({ runs }) => runs));
  return draw(
    [['suite', 'set', 'runs', 'STOP', 'DENY', 'SILENT', 'BROKEN', 'ASK', 'ASK all', 'WORK']],
    rows.map(({ suite, set, runs, figures }) => [
      suite,
      set,
      String(runs.length),
      ...line(figures),
    ]),
    ['all', '', String(rows.reduce((sum, { runs }) => sum + runs.length, 0)), ...line(all)],
  );
}

function percent({ count, of }: Share): string {
  return of === 0 ? '-' : `${((100 * count) / of).toFixed(1)} (${count}/${of})`;
}

/** Why calls asked, most frequent first. */
function reasonsOf(rows: readonly Row[], isOf: (run: JudgedRun) => boolean): string {
  const counts = new Map<string, number>();
  for (const run of rows.flatMap(({ runs }) => runs).filter(isOf)) {
    for (const { tool, injected, reasons } of run.calls) {
      if (injected) continue;
      for (const reason of reasons) {
        const key = `${run.trace.suite} ${run.trace.user} ${tool}: ${reason}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  const lines = [...counts].sort(([, a], [, b]) => b - a);
  return lines.map(([reason, count]) => `${String(count).padStart(5)}  ${reason}`).join('\n');
}

if (import.meta.main) {
  const missing = missingData();
  if (missing !== undefined) console.log(`skipped: ${missing}`);
  else {
    const data = readData();
    const [own, policies] = process.argv.includes('--renamed')
      ? renamedBy(7, data)
      : [data, suitePolicies];
    const chosen = process.argv.includes('--deny')
      ? Object.fromEntries(Object.entries(policies).map(([k, policy]) => [k, denying(policy)]))
      : policies;
    const rows = evaluate(own, chosen);
    console.log(tableOf(rows));
    if (process.argv.includes('--why')) console.log(`\n${reasonsOf(rows, () => true)}`);
  }
}
