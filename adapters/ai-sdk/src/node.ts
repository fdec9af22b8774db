export { terminalApprover } from '@guardstile/approvals';
export { createAuditKeys, fileAnchor, fileAudit, sqliteAudit, verifyLog } from '@guardstile/audit';

export type { DiskAudit, DiskAuditOptions, FileAuditOptions } from '@guardstile/audit';
