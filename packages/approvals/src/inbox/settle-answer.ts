import {
  type Approval,
  type ApprovalResult,
  GuardError,
  type MaybePromise,
  type Vote,
} from '@guardstile/core';

import type { InboxLog } from './inbox-log.ts';
import type { InboxRefusal } from './inbox-refusal.ts';
import { isRefusal } from './is-refusal.ts';
import type { Voter } from './voter.ts';

/** What an answer does to the approval as it is now. */
export interface Step {
  readonly approval: Approval;
  readonly action: 'approve' | 'deny' | 'edited';
  readonly vote: Vote;
  take(): MaybePromise<ApprovalResult>;
}

/** How many other answers may come in between reading an approval and answering it. */
const MAX_CONFLICTS = 100;

/**
 * Writes an answer down, once, and counts it; plans it anew whenever somebody else was quicker.
 *
 * @throws {GuardError} `audit_error`, and nothing counts; what the plan throws.
 */
export async function settleAnswer(
  aid: string,
  voter: Voter,
  log: InboxLog,
  plan: () => Promise<Step | InboxRefusal>,
): Promise<Approval | InboxRefusal> {
  let written = false;
  for (let tries = 0; tries < MAX_CONFLICTS; tries += 1) {
    const step = await plan();
    if (isRefusal(step)) {
      if (written) await log.notCounted(aid, voter, step.reason);
      return step;
    }
    if (!written) await log.vote(step.approval, step.action, step.vote);
    written = true;
    const result = await step.take();
    if (result.ok) return result.approval;
  }
  throw new GuardError(
    'approval_store_error',
    `the approval changed ${MAX_CONFLICTS} times at the same moment; answer again`,
    { aid },
  );
}
