import type { Approval, EditedArgs, Redactor } from '@guardstile/core';

/** An approval as people are shown it: what is hidden in it stays so. */
export type ApprovalView = Omit<Approval, 'args'>;

/** The approval without the arguments themselves, which only a reveal answers. */
export function viewOf({ args, edited, ...view }: Approval, redactor: Redactor): ApprovalView {
  void args;
  return Object.freeze({
    ...view,
    reason: redactor.text(view.reason),
    ...(edited === undefined ? {} : { edited: shownEdit(edited, redactor) }),
  });
}

function shownEdit({ of, fields }: EditedArgs, redactor: Redactor): EditedArgs {
  const { value } = redactor.shown(fields);
  return Object.freeze({ of, fields: value as EditedArgs['fields'] }); // a copy of a record is one
}
