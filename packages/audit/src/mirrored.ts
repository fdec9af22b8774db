import type { AuditDraft, AuditLog, AuditReceipt } from '@guardstile/core';

/** The part of a pino logger that is used here. */
export interface MirrorLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const WARNED: readonly string[] = ['tool.deny', 'approval.deny'];

/**
 * The same log, whose entries go to a logger too, such as one of pino: for dashboards and alerts.
 * The logger proves nothing and promises nothing; that it fails is no reason to fail a call.
 */
export function mirrored<Log extends AuditLog>(log: Log, logger: MirrorLogger): Log {
  function tell(draft: AuditDraft, receipt: AuditReceipt): void {
    const { log: id, seq, hash } = receipt;
    const failed = draft.status !== undefined && draft.status !== 'ok';
    const level = WARNED.includes(draft.action) || failed ? 'warn' : 'info';
    try {
      logger[level]({ ...draft, log: id, seq, hash }, draft.action);
    } catch {
      // The log has it, which is what counts.
    }
  }

  return {
    ...log,
    append(draft: AuditDraft) {
      const receipt = log.append(draft);
      if (!(receipt instanceof Promise)) {
        tell(draft, receipt as AuditReceipt);
        return receipt;
      }
      return receipt.then((given: AuditReceipt) => {
        tell(draft, given);
        return given;
      });
    },
  };
}
