import type { Step, Trace } from './data.ts';

/** A recorded call under the id that it has in the replay. */
export interface ScriptedCall {
  readonly id: string;
  readonly step: Step;
}

/** The calls of one assistant message: all decided before any of their results is seen. */
export type Turn = readonly ScriptedCall[];

/** The recorded calls by assistant message. Without recorded turns each call is a message. */
export function scriptOf({ steps }: Trace): readonly Turn[] {
  const turns = new Map<number | string, ScriptedCall[]>();
  for (const [index, step] of steps.entries()) {
    const id = `call-${index}`;
    const turn = step.turn ?? id;
    turns.set(turn, [...(turns.get(turn) ?? []), { id, step }]);
  }
  return [...turns.values()];
}
