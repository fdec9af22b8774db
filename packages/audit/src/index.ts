export { createAuditKeys } from './audit-keys.ts';
export { fileAudit } from './file-audit.ts';

export type { Anchor } from './anchor.ts';
export type { AuditKeys } from './audit-keys.ts';
export type { FileAudit, FileAuditOptions } from './file-audit.ts';
