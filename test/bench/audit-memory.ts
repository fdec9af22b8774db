import { createAuditKeys } from '@guardstile/audit';

import { runAuditProcess } from './run-audit-process.ts';

/** Memory that verifying a log takes, in bytes. */
export interface VerificationMemory {
  /** What was held near the end, once everything that could be given up was. */
  readonly held: number;
  /** Most that the process had, with its code and what was not collected yet. */
  readonly most: number;
}

export async function verificationMemory(
  path: string,
  entries: number,
): Promise<VerificationMemory> {
  const { key } = createAuditKeys();
  const task = { path, key, entries };
  await runAuditProcess({ what: 'fill', ...task });
  const answer = await runAuditProcess({ what: 'verify', ...task });
  const { memory: most = NaN, held = NaN, entries: verified = 0 } = answer;
  if (verified <= entries) throw new Error(`only ${verified} entries were verified`);
  return { held, most };
}
