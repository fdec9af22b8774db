import { parseArgs } from 'node:util';

import type { Plan } from './harness.ts';

/** How much is measured, and where the figures go. */
export interface BenchPlan {
  readonly rounds: number;
  /** Rows 1 and 2, whose samples are many calls. */
  readonly core: Plan;
  /** Rows 3 to 5, whose samples are one call: it takes thousands until V8 has optimised the SDK. */
  readonly generateText: Plan;
  /** Fresh processes per module and round. */
  readonly processes: number;
  readonly quick: boolean;
  readonly json: string | undefined;
}

/** Reads the command line: `--quick` for a smoke test, `--json FILE` for the figures as JSON. */
export function planOf(args: readonly string[]): BenchPlan {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  });
  const { quick, json } = values;
  const rounds = quick ? 2 : 5;
  return {
    rounds,
    core: { rounds, passes: quick ? 4 : 100, burst: 5, warmupPasses: quick ? 4 : 60 },
    generateText: { rounds, passes: quick ? 6 : 200, burst: 5, warmupPasses: quick ? 6 : 800 },
    processes: quick ? 2 : 15,
    quick,
    json,
  };
}
