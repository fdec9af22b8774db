import type { MaybePromise, SessionKey } from '@guardstile/core';

/**
 * Keeps what sessions have seen for other processes, and for later ones. Records are text of which a
 * store understands nothing. Those of one session are numbered 1, 2, 3 without a gap, and whoever
 * reads one has read all before it.
 */
export interface FlowStore {
  readonly name: string;
  /** Appends a record, and answers its number once it is sure to stay. */
  append(session: SessionKey, record: string): MaybePromise<number>;
  /** The records after this number, in order. */
  read(session: SessionKey, after: number): MaybePromise<readonly string[]>;
  /** Forgets a session. */
  end(session: SessionKey): MaybePromise<void>;
}
