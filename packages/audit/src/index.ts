export { createAuditKeys } from './audit-keys.ts';
export { fileAudit } from './file-audit.ts';
export { fileEntries } from './file-entries.ts';
export { followLog } from './follow-log.ts';
export { proveEntries, verifyProof } from './prove.ts';
export { sqliteAudit } from './sqlite-audit.ts';
export { CSV_HEAD, toCsv } from './to-csv.ts';
export { toOcsf } from './to-ocsf.ts';
export { verifyLog } from './verify-log.ts';

export type { Anchor } from './anchor.ts';
export type { AuditKeys } from './audit-keys.ts';
export type { LogFollower } from './follow-log.ts';
export type { EntryProof } from './prove.ts';
export type { LogFault } from './read-log.ts';
export type { VerifyOptions, VerifyReport } from './verify-log.ts';
export type { DiskAudit, DiskAuditOptions } from './disk-audit.ts';
export type { FileAuditOptions } from './file-audit.ts';
