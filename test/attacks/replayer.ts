import type { Data } from './data.ts';
import { type PolicyOf, type Replay, replayAll } from './replay-all.ts';
import type { ReplayEngine } from './replay-engine.ts';

/** A replay engine without the type of its tools, so that engines of several frameworks make a list. */
export interface Replayer {
  readonly name: string;
  readonly replay: (data: Data, policyOf: PolicyOf) => Promise<Replay>;
}

export function replayer<Tools>(engine: ReplayEngine<Tools>): Replayer {
  return {
    name: engine.name,
    replay: (data, policyOf) => replayAll(data, engine, policyOf),
  };
}
