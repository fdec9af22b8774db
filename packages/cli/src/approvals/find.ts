import type { ApprovalInbox, ApprovalView, Voter } from '@guardstile/approvals';

/** The approval, if the voter's tenant has such a one. */
export async function find(
  inbox: ApprovalInbox,
  aid: string,
  { tenant }: Voter,
): Promise<ApprovalView | undefined> {
  const approval = await inbox.show(aid);
  return approval?.bindings.tenant === tenant ? approval : undefined;
}
