export {
  approvalInbox,
  approvalSeal,
  attachChannels,
  describeApproval,
  nodeListener,
  slackChannel,
  slackInteractions,
  sqliteApprovals,
  terminalApprover,
  webhookCallback,
  webhookChannel,
} from '@guardstile/approvals';
export { createAuditKeys, fileAnchor, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';
export { createDataFlow, flowPolicy } from '@guardstile/data-flow';
export { sqliteFlowStore, sqliteLabels } from '@guardstile/data-flow/sqlite';
export { sqliteLimits, sqliteStopSwitch } from '@guardstile/limits';
export { loadPolicy, policyFile } from '@guardstile/policy-file';

export type {
  ApprovalInbox,
  ApprovalInboxOptions,
  ApprovalView,
  AttachChannelsOptions,
  Channel,
  SqliteApprovals,
  SqliteApprovalsOptions,
  TerminalApproverOptions,
  Voter,
} from '@guardstile/approvals';
export type { DiskAudit, DiskAuditOptions, FileAuditOptions } from '@guardstile/audit';
export type {
  DataFlowOptions,
  FlowPolicy,
  FlowSpec,
  SessionsDataFlow,
} from '@guardstile/data-flow';
export type { SqliteLimitsOptions, SqliteStopSwitch } from '@guardstile/limits';
export type {
  FilePolicy,
  LoadOptions,
  PolicyFile,
  PolicyFileOptions,
} from '@guardstile/policy-file';
