import { type Data, type DataSet, PAIRS } from './data.ts';

/** Whether the run at this place of its suite and set is taken. */
export function isTaken(set: string, n: number, every: number): boolean {
  return set === PAIRS || n % every === 0;
}

/** All pairs, and of each suite in each other set every so-manieth run. */
export function takeEvery({ suites, sets }: Data, every: number): Data {
  const some = ({ name, traces }: DataSet): DataSet => ({
    name,
    traces: suites.flatMap(({ suite }) =>
      traces
        .filter((trace) => trace.suite === suite)
        .filter((_trace, n) => isTaken(name, n, every)),
    ),
  });
  return { suites, sets: sets.map(some) };
}
