import { GuardError } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import type { NoteVerifier } from './signed-note.ts';
import { within } from './within.ts';

/** The log that is about to be opened. */
interface Found {
  readonly log: string;
  readonly size: number;
  /** The root over the first entries; `undefined` where they are not there to be read. */
  readonly rootAt: (size: number) => Buffer | undefined;
}

/**
 * A log that lacks what an anchor keeps was cut, replaced or restored from a backup.
 *
 * @throws {GuardError} `audit_rolled_back`, `audit_tampered`, or `audit_error` for an anchor that does
 * not answer: what it would have said is not known.
 */
export async function checkAnchors(
  found: Found,
  anchors: readonly Anchor[],
  verifier: NoteVerifier,
  timeoutMs: number,
): Promise<void> {
  const notes = await Promise.all(
    anchors.map(async (anchor) => ({
      anchor,
      note: await latestOf(anchor, found.log, timeoutMs),
    })),
  );
  for (const { anchor, note } of notes) {
    if (note !== undefined) check(found, anchor, openCheckpoint(note, verifier));
  }
}

async function latestOf(
  anchor: Anchor,
  log: string,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    return await within(anchor.latest(log), timeoutMs);
  } catch (cause) {
    throw new GuardError(
      'audit_error',
      `the anchor ${anchor.name} does not answer (${String(cause)}); without it nobody knows whether the log is whole`,
      { cause },
    );
  }
}

function check(found: Found, anchor: Anchor, { origin, size, root }: Checkpoint): void {
  if (origin !== found.log) {
    throw rolledBack(anchor, `it keeps a checkpoint of the log ${origin}, not of ${found.log}`);
  }
  if (size > found.size) {
    throw rolledBack(anchor, `it keeps a checkpoint of ${size} entries, the log has ${found.size}`);
  }
  const now = found.rootAt(size);
  if (now === undefined || !now.equals(root)) {
    throw rolledBack(anchor, `the first ${size} entries are not those that were anchored`);
  }
}

function rolledBack(anchor: Anchor, what: string): GuardError {
  return new GuardError(
    'audit_rolled_back',
    `the anchor ${anchor.name} contradicts the log: ${what}; find out who changed it, keep it as evidence, and start a new log elsewhere`,
  );
}
