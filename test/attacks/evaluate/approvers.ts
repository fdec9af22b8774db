import type { Approver, AskApprover } from '@guardstile/core';

// Somebody who agrees to whatever is asked. An ask counts by having been asked: the recorded run
// went on, so the replay has to.

const agree: AskApprover = async (request) => {
  if (request.hidden.length > 0) await request.reveal(); // as a person does who wants to know
  return 'approve';
};

export const approvers: readonly Approver[] = [{ name: 'evaluation', ask: agree }];
