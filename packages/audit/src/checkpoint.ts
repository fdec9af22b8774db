import { GuardError } from '@guardstile/core';

import { fromBase64 } from './base64.ts';
import { type NoteSigner, type NoteVerifier, openNote, signNote } from './signed-note.ts';

/** How long a log was, and the hash over all of it: whoever keeps it can show that the log was changed. */
export interface Checkpoint {
  /** Id of the log. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** Root of the Merkle tree over their leaf hashes, 32 bytes. */
  readonly root: Buffer;
}

/** The checkpoint as a signed note (C2SP tlog-checkpoint). */
export function signCheckpoint({ origin, size, root }: Checkpoint, signer: NoteSigner): string {
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, signer);
}

const TEXT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([0-9A-Za-z+/]{43}=)\n$/;

/**
 * What a signed checkpoint says.
 *
 * @throws {GuardError} `audit_tampered` when it is not signed by this key, or is no checkpoint.
 */
export function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint {
  const text = openNote(note, verifier);
  const [, origin, size, root] = TEXT.exec(text ?? '') ?? [];
  const hash = root === undefined ? undefined : fromBase64(root);
  if (origin !== undefined && size !== undefined && hash !== undefined) {
    return { origin, size: Number(size), root: hash };
  }
  const what = text === undefined ? 'is not signed by that key' : 'is none';
  throw new GuardError(
    'audit_tampered',
    `the checkpoint ${what}; get it again from where it is anchored, and check the public key`,
  );
}
