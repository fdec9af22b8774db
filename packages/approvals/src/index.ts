export { approvalSeal } from './store/approval-seal.ts';
export { sqliteApprovals } from './store/sqlite-approvals.ts';
export { attachChannels } from './channels/attach-channels.ts';
export { nodeListener } from './channels/node-listener.ts';
export { slackChannel } from './channels/slack-channel.ts';
export { slackInteractions } from './channels/slack-interactions.ts';
export { webhookCallback } from './channels/webhook-callback.ts';
export { webhookChannel } from './channels/webhook-channel.ts';
export { approvalInbox } from './inbox/approval-inbox.ts';
export { describeApproval } from './describe-approval.ts';
export { terminalApprover } from './terminal-approver.ts';

export type { AttachChannelsOptions } from './channels/attach-channels.ts';
export type { Channel, ChannelFailure, ChannelStep, DeadLetter } from './channels/channel.ts';
export type { Fetch } from './channels/post.ts';
export type { SlackApiOptions } from './channels/slack-api.ts';
export type { SlackChannelOptions } from './channels/slack-channel.ts';
export type { SlackInteractionsOptions } from './channels/slack-interactions.ts';
export type { Voters } from './channels/voters.ts';
export type { WebhookCallbackOptions } from './channels/webhook-callback.ts';
export type { WebhookChannelOptions } from './channels/webhook-channel.ts';
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
