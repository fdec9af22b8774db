import { expect } from 'vitest';
import type { AgentRun, CallOutcome } from './harness.ts';

/** What became of a call; one without an outcome fails the test. */
export function outcomeOf(run: AgentRun<unknown>, id: string): CallOutcome {
  const outcome = run.outcomes.get(id);
  expect(outcome, `outcome of the call ${id}`).toBeDefined();
  return outcome as CallOutcome; // defined, see above
}
