import type { Data, DataSet, Trace } from './data.ts';

/** At most so many runs of each suite in each set, evenly spread and always the same. */
export function sampleOf({ suites, sets }: Data, most: number): Data {
  const some = ({ name, traces }: DataSet): DataSet => ({
    name,
    traces: suites.flatMap(({ suite }) =>
      spread(
        traces.filter((trace) => trace.suite === suite),
        most,
      ),
    ),
  });
  return { suites, sets: sets.map(some) };
}

function spread(traces: readonly Trace[], most: number): readonly Trace[] {
  const every = Math.max(1, Math.ceil(traces.length / most));
  return traces.filter((_, index) => index % every === 0);
}
