import { parseArgs } from 'node:util';

import type { Plan } from './harness.ts';

/** How much is measured, and where the figures go. */
export interface BenchPlan extends Plan {
  /** Fresh processes per module and round. */
  readonly processes: number;
  readonly quick: boolean;
  readonly json: string | undefined;
}

const FULL = { rounds: 5, passes: 120, burst: 5, warmupPasses: 60, processes: 15 };
const QUICK = { rounds: 3, passes: 6, burst: 3, warmupPasses: 6, processes: 3 };

/** Reads the command line: `--quick` for a smoke test, `--json FILE` for the figures as JSON. */
export function planOf(args: readonly string[]): BenchPlan {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  });
  return { ...(values.quick ? QUICK : FULL), quick: values.quick, json: values.json };
}
