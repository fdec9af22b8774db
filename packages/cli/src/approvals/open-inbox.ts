import { existsSync } from 'node:fs';

import { fileAudit } from '@guardstile/audit';
import {
  type ApprovalInbox,
  approvalInbox,
  sqliteApprovals,
  type SqliteApprovals,
} from '@guardstile/approvals';
import type { AuditLog } from '@guardstile/core';

import { privateFile } from './private-file.ts';
import type { ApprovalsConfig, LogConfig } from './read-config.ts';

/** What a command works with. */
export interface OpenInbox {
  readonly inbox: ApprovalInbox;
  readonly approvals: SqliteApprovals;
  readonly config: ApprovalsConfig;
  close(): Promise<void>;
}

const AUDIT_KEY = 'GUARDSTILE_AUDIT_KEY';
/** So many commands may write at the same moment. */
const WRITERS = 8;

/** @throws {GuardError} where the store or the log cannot be used. */
export function openInbox(config: ApprovalsConfig): OpenInbox {
  // A new one would be empty, and nobody would wonder.
  if (!existsSync(config.store)) throw new Error(`there is no store ${config.store}`);
  const approvals = sqliteApprovals(config.store, { key: storeKey(config.keyFile) });
  const log = lateLog(() => openLog(config));
  return {
    inbox: approvalInbox({ approvals, audit: log.audit }),
    approvals,
    config,
    async close() {
      await log.close();
      approvals.close();
    },
  };
}

/** 32 bytes, as they are or written in base64 or hexadecimal. */
function storeKey(path: string): Uint8Array {
  const content = privateFile(path, 'read');
  if (content.length === 32) return content;
  const text = content.toString('utf8').trim();
  const key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  if (key.length === 32) return key;
  throw new Error(`${path} has to hold 32 bytes, as they are or in base64 or hexadecimal`);
}

/** Opens the log of what people did here. */
export function openLog({ audit, auditKeyFile }: LogConfig): AuditLog {
  if (audit === undefined) {
    throw new Error(
      'an answer is written down before it counts: pass --audit DIRECTORY, a log of these commands’ own',
    );
  }
  const key =
    auditKeyFile === undefined
      ? process.env[AUDIT_KEY]
      : privateFile(auditKeyFile, 'read').toString('utf8').trim();
  if (key === undefined || key === '') {
    throw new Error(
      `the log needs a key: set ${AUDIT_KEY}, which \`guardstile audit keygen\` makes, or pass --audit-key-file`,
    );
  }
  return fileAudit(audit, { key, slots: WRITERS });
}

/** A log that is opened when it is first used: whoever only looks is in nobody's way. */
function lateLog(open: () => AuditLog): {
  readonly audit: AuditLog;
  close(): Promise<void>;
} {
  let opened: AuditLog | undefined;
  const log = (): AuditLog => (opened ??= open());
  return {
    audit: {
      name: 'file',
      durability: 'disk',
      append: (draft) => log().append(draft),
      query: (filter) => log().query(filter),
      verify: () => log().verify(),
    },
    async close() {
      await opened?.close?.();
    },
  };
}
