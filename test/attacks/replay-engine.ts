import type { Guard } from '@guardstile/core';
import type { Step, Suite } from './data.ts';
import type { Turn } from './script.ts';

/** What the body of a tool does: it is told which tool it is, its arguments and the call's id. */
export type Body = (name: string, args: unknown, callId: string) => Promise<unknown>;

/** What a model was told of one call, as its framework writes it. */
export interface Told {
  readonly callId: string;
  readonly output: unknown;
}

/** What became of a script. */
export interface Played {
  /** What the model had been told of its calls when it wrote its last message. */
  readonly told: readonly Told[];
  /** How many messages the model wrote. */
  readonly messages: number;
}

/**
 * Through what a recorded run is replayed: a framework, its adapter, and a model that makes exactly
 * the calls of a script, turn by turn, and then ends the run. A further one is one file and a line
 * in `replay-engines.ts`.
 */
export interface ReplayEngine<Tools> {
  /** The title of its column. */
  readonly name: string;
  /**
   * The tools of a suite, all with the same body. Calls that break the schema of the data set were
   * recorded too and have to reach the guard like any other: nothing may validate them before.
   */
  tools(suite: Suite, body: Body): Tools;
  /** The adapter: the tools behind a guard. */
  guard(tools: Tools, guard: Guard): Tools;
  play(tools: Tools, prompt: string, script: readonly Turn[]): Promise<Played>;
  /** What the model is told of a recorded result when nothing is in between. */
  recorded(step: Step): unknown;
  /** The text of an output that tells the model of a failure, `undefined` for any other. */
  failure(output: unknown): string | undefined;
}
