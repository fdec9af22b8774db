import type { Approval, Redactor } from '@guardstile/core';

/** An approval as people are shown it: what is hidden in it stays so. */
export type ApprovalView = Omit<Approval, 'args'>;

/** The approval without the arguments themselves, which only a reveal answers. */
export function viewOf({ args, ...view }: Approval, redactor: Redactor): ApprovalView {
  void args;
  return Object.freeze({ ...view, reason: redactor.text(view.reason) });
}
