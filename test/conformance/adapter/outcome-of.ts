import { expect } from 'vitest';
import type { AgentRun, CallOutcome } from './harness.ts';

/** What became of a call; one without an outcome fails the test. */
export function outcomeOf(run: AgentRun<unknown> | AgentRun<never>, id: string): CallOutcome {
  const outcome = run.outcomes.get(id);
  expect(outcome, `outcome of the call ${id}`).toBeDefined();
  return outcome as CallOutcome; // defined, see above
}

/** Every outcome in the order of ids, without what differs between two objects of the same content. */
export function outcomesOf(run: AgentRun<never>): readonly CallOutcome[] {
  return [...run.outcomes.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
