import { join } from 'node:path';
import { type PolicyFile, policyFile } from '@guardstile/policy-file';

/** One file, whichever framework's agent it governs. */
export const POLICY_FILE = join(import.meta.dirname, '../../policies/demo.yaml');

/**
 * The policy for an agent that works in `folder`.
 *
 * @throws {GuardError} `policy_invalid` when the file is not understood, or one of its tests fails.
 */
export function deskPolicy(folder: string): Promise<PolicyFile> {
  return policyFile(POLICY_FILE, { env: { TICKET_FOLDER: folder } });
}
