import type { Labelled } from './label-result.ts';
import type { Memories, Memory } from './memories.ts';
import type { Steps } from './steps.ts';
import type { UnmatchedLabels } from './unmatched-labels.ts';

/** Who said a value. */
export interface Seen {
  readonly tool?: string | undefined;
  readonly rid?: string | undefined;
  /** The framework's id of the call. */
  readonly call?: string | undefined;
  /** Digest of the turn. */
  readonly turn?: string | undefined;
}

/** Keeps a value; false where there is no room for any of it. */
export type KeepValue = (memory: Memory, value: Labelled, seen: Seen) => Steps<boolean>;

export function createKeepValue(memories: Memories, unmatched: UnmatchedLabels): KeepValue {
  return function* keep(memory, { value, observation }, { tool, rid, call, turn }) {
    const { flow } = memory;
    const { matched, ...record } = flow.take(value, {
      ...observation,
      ...(tool === undefined ? {} : { tool }),
      ...(rid === undefined ? {} : { rid }),
    });
    if (tool !== undefined) unmatched.saw(tool, matched);
    const knows = observation.origin === 'sent' ? flow.knowsSent : flow.complete;
    const fits = record.complete || record.leaves.starts.length > 0;
    // That there is more than is kept is known already.
    if (!fits && !knows) return false;
    yield* memories.add(memory, {
      kind: 'kept',
      record,
      ...(call === undefined ? {} : { call }),
      ...(turn === undefined || !fits ? {} : { turn }),
    });
    return fits;
  };
}
