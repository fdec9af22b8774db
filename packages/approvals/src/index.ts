export { approvalSeal } from './store/approval-seal.ts';
export { sqliteApprovals } from './store/sqlite-approvals.ts';
export { approvalInbox } from './inbox/approval-inbox.ts';
export { describeApproval } from './describe-approval.ts';
export { terminalApprover } from './terminal-approver.ts';

export type {
  ApprovalInbox,
  ApprovalInboxOptions,
  InboxEdit,
  InboxResult,
  InboxVote,
} from './inbox/approval-inbox.ts';
export type { ApprovalView } from './inbox/approval-view.ts';
export type { InboxRefusal, InboxRefusalReason } from './inbox/inbox-refusal.ts';
export type { Voter } from './inbox/voter.ts';
export type { DescribeApprovalOptions } from './describe-approval.ts';
export type { TerminalInput, TerminalOutput } from './terminal.ts';
export type { TerminalApproverOptions } from './terminal-approver.ts';
export type { ApprovalSeal } from './store/approval-seal.ts';
export type { SqliteApprovals } from './store/sqlite-approvals.ts';
export type { SqliteApprovalsOptions } from './store/sqlite-options.ts';
