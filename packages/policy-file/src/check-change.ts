import { readFileSync } from 'node:fs';

import { GuardError } from '@guardstile/core';

import type { PolicyDifference } from './policy-diff.ts';
import { isSigned } from './policy-signature.ts';
import type { PolicyVersion } from './policy-version.ts';

/** What a reload that widens needs: a signature that this public key verifies, or nothing. */
export type Widening = { readonly publicKey: string } | 'allowed';

/** A change of the policy in a file. */
export interface VersionChange {
  readonly path: string;
  readonly from: PolicyVersion;
  readonly to: PolicyVersion;
  readonly differences: readonly PolicyDifference[];
}

/**
 * What widens is somebody's decision, not that of whoever can write the file.
 *
 * @throws {GuardError} `policy_invalid` for a change that may not be made.
 */
export function checkChange(change: VersionChange, widening: Widening | undefined): void {
  const { path, from, to, differences } = change;
  if (to.policy.layer !== from.policy.layer) {
    throw refused(
      path,
      `what was made as a layer that ${from.policy.layer} stays one; restart to change that`,
    );
  }
  if (widening === 'allowed') return;
  const what = differences.flatMap(({ text, widens }) => (widens ? [text] : [])).join('; ');
  // A revision that anybody could set would let an older signed file look new again.
  if (what === '' && to.revision === from.revision) return;
  const why =
    what === ''
      ? `its revision changes from ${from.revision} to ${to.revision}`
      : `the change may widen what is allowed (${what})`;
  const missing = missingProof(change, widening);
  if (missing !== undefined) throw refused(path, `${why}, so the old policy stays; ${missing}`);
}

/** What has to be done before a change counts as somebody's decision. */
function missingProof(
  { path, from, to }: VersionChange,
  widening: Exclude<Widening, 'allowed'> | undefined,
): string | undefined {
  if (widening === undefined) {
    return "pass widening: { publicKey } and sign the file, or widening: 'allowed'";
  }
  if (!isSigned(to.file.texts, signatureOf(path), widening.publicKey)) {
    return `sign it into ${path}.sig (guardstile policy sign)`;
  }
  return to.revision > from.revision
    ? undefined
    : `it is signed as revision ${to.revision}, and ${from.revision} is in use: an older file is not taken again; set revision: ${from.revision + 1} and sign it`;
}

function signatureOf(path: string): string | undefined {
  try {
    return readFileSync(`${path}.sig`, 'utf8');
  } catch {
    return undefined;
  }
}

function refused(path: string, why: string): GuardError {
  return new GuardError('policy_invalid', `${path}: ${why}`);
}
