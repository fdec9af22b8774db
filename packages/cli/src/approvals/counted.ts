import type { InboxResult } from '@guardstile/approvals';
import { describeRequirement, unmet } from '@guardstile/core';

import type { ExitCode, Io } from '../io.ts';
import { refused } from './acting.ts';

/** Says what became of an answer. */
export function counted(io: Io, result: InboxResult, json: true | undefined): ExitCode {
  if (json === true) io.out(`${JSON.stringify(result)}\n`);
  if (!result.ok) return refused(io, result);
  if (json === true) return 0;
  const { aid, state, requirements, votes, bindings } = result.approval;
  const missing = unmet(requirements, votes, bindings.principal);
  const waits =
    state === 'pending' && missing !== undefined
      ? `; it has ${votes.length} of the answers it needs: ${describeRequirement(missing)}`
      : '';
  io.out(`${aid} is ${state}${waits}\n`);
  return 0;
}
