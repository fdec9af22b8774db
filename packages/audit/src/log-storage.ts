import type { AuditDraft } from '@guardstile/core';

import type { Sealed } from './seal-entry.ts';

/** Where a log stands: everything in it is on disk. */
export interface LogState {
  readonly log: string;
  /** Number of entries. */
  readonly size: number;
  /** Hash of the last one, hexadecimal. */
  readonly head: string;
  /** The tree over all of them; see `compactRange`. */
  readonly peaks: readonly Buffer[];
  readonly root: () => Buffer;
  /** Attempts that were allowed and have no outcome yet. */
  readonly open: ReadonlySet<string>;
  /** Whether the last entry closed the log. */
  readonly closed: boolean;
}

/** An entry with its place. */
export interface PlacedEntry extends Sealed {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly ts: number;
  readonly draft: AuditDraft;
}

/** What a writer writes to. It is never called twice at once. */
export interface LogStorage {
  /** Called before every batch; gives an entry that has to come first, such as that of a new file. */
  prepare(state: LogState): AuditDraft | undefined;
  /** Writes entries; they are on disk when it resolves. Whatever it throws, nothing counts. */
  append(entries: readonly PlacedEntry[]): Promise<void>;
  /**
   * After a failure: makes sure that what counts is there, puts the rest aside, and goes on
   * elsewhere. Gives the entry that says so.
   */
  mend(state: LogState, cause: string): AuditDraft;
  close(): void;
}
