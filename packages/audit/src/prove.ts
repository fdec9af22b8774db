import { type AuditEntry, GuardError } from '@guardstile/core';

import { fromBase64 } from './base64.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { parseLine } from './entry-line.ts';
import { leafHash } from './hashing.ts';
import { inclusionProof, rootFromInclusion } from './proofs.ts';
import { readLog } from './read-log.ts';
import { parseVerifier } from './signed-note.ts';

/** That an entry is in a log, for somebody who has neither the log nor its secret key. */
export interface EntryProof {
  /** The canonical entry, byte for byte. */
  readonly entry: string;
  /** The proof in the form of C2SP tlog-proof: index, audit path, signed checkpoint. */
  readonly proof: string;
}

const FORMAT = 'c2sp.org/tlog-proof@v1';

/**
 * Proves every entry of one request for a tool call against the checkpoint beside the log.
 *
 * @throws {GuardError} `options_invalid` when there is no such entry below the checkpoint, and
 * `audit_tampered` for a log that is not as it was written.
 */
export function proveEntries(path: string, rid: string, publicKey: string): readonly EntryProof[] {
  const note = readCheckpoint(path);
  if (note === undefined) {
    throw new GuardError(
      'options_invalid',
      'the log has no checkpoint to prove anything against; open it with a signingKey',
    );
  }
  const { size } = openCheckpoint(note, parseVerifier(publicKey));
  const { leaves, found } = leavesOf(path, size, rid);
  if (found.length > 0) {
    return found.map(({ index, body }) => ({
      entry: body,
      proof: formatProof(index, inclusionProof(index, leaves), note),
    }));
  }
  throw new GuardError(
    'options_invalid',
    `none of the ${size} entries below the checkpoint is of ${rid}; look for its rid with "guardstile audit tail", or wait for the next checkpoint`,
  );
}

interface Found {
  readonly index: number;
  readonly body: string;
}

function leavesOf(
  path: string,
  size: number,
  rid: string,
): { readonly leaves: readonly Buffer[]; readonly found: readonly Found[] } {
  const { start, steps } = readLog(path, undefined);
  if (start.size > 0) {
    throw new GuardError(
      'options_invalid',
      `the first ${start.size} entries of the log were given up; without them nothing can be proved`,
    );
  }
  const leaves: Buffer[] = [];
  const found: Found[] = [];
  for (const step of steps) {
    if ('fault' in step) {
      throw new GuardError('audit_tampered', `entry ${step.fault.seq}: ${step.fault.reason}`);
    }
    if (leaves.length === size) break;
    const body = parseLine(step.line)?.body.toString() ?? '';
    if (step.entry.rid === rid) found.push({ index: leaves.length, body });
    leaves.push(Buffer.from(step.entry.hash, 'hex'));
  }
  return { leaves, found };
}

function formatProof(index: number, path: readonly Buffer[], note: string): string {
  const hashes = path.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${FORMAT}\nindex ${index}\n${hashes}\n${note}`;
}

const PROOF =
  /^c2sp\.org\/tlog-proof@v1\nindex (0|[1-9][0-9]{0,15})\n((?:[0-9A-Za-z+/]{43}=\n)*)\n([^]+)$/;

/**
 * The entry that is proved to be in the log, and the checkpoint it is proved against.
 *
 * @throws {GuardError} `audit_tampered` for everything else.
 */
export function verifyProof(
  { entry, proof }: EntryProof,
  publicKey: string,
): { readonly entry: AuditEntry; readonly checkpoint: Checkpoint } {
  const [, index, hashes = '', note] = PROOF.exec(proof) ?? [];
  const path = hashes.split('\n').slice(0, -1).map(fromBase64);
  if (index === undefined || note === undefined || !path.every((hash) => hash !== undefined)) {
    throw new GuardError('audit_tampered', 'the proof is none: get it again from the log');
  }
  const checkpoint = openCheckpoint(note, parseVerifier(publicKey));
  const leaf = leafHash(Buffer.from(entry));
  const { size } = checkpoint;
  const root = rootFromInclusion({ leaf, index: Number(index), size, proof: path });
  if (root?.equals(checkpoint.root) === true) {
    return { entry: JSON.parse(entry) as AuditEntry, checkpoint }; // the bytes are those that were signed
  }
  throw new GuardError(
    'audit_tampered',
    'the proof does not lead from this entry to the signed checkpoint: one of them was changed',
  );
}
