import type { AuditDraft } from '../audit/entry.ts';
import { type AuditReceipt, DURABILITIES } from '../audit/log.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { isThenable, type Steps } from '../steps.ts';
import { isInterruption, type Waiting } from '../waiting.ts';
import { type CallState, entryBase, eventBase } from './call-state.ts';

/** Appends an entry about the call and returns once the log says how durable it is. */
export function* record(
  state: CallState,
  waiting: Waiting,
  fields: Pick<AuditDraft, 'kind' | 'action'> & Partial<AuditDraft>,
): Steps<AuditReceipt | undefined> {
  const { audit, storeTimeoutMs, events } = state.parts;
  if (audit === undefined) return undefined;
  let receipt: AuditReceipt;
  try {
    const appended = audit.append({ ...entryBase(state), ...fields });
    receipt = isThenable(appended)
      ? yield* waiting.for(
          appended,
          storeTimeoutMs,
          () => new Error(`it took longer than ${storeTimeoutMs} ms`),
        )
      : appended;
  } catch (cause) {
    if (isInterruption(cause)) throw cause;
    throw auditError(audit.name, cause);
  }
  if (!isReceipt(receipt)) throw auditError(audit.name, new Error('it answered no receipt'));
  const { log, seq } = receipt;
  events.emit('audit', () => ({ ...eventBase(state), log, seq, action: fields.action }));
  return receipt;
}

function isReceipt(value: unknown): value is AuditReceipt {
  if (typeof value !== 'object' || value === null) return false;
  if (!Object.hasOwn(value, 'seq') || !Object.hasOwn(value, 'durability')) return false;
  const { seq, durability } = value as AuditReceipt;
  return Number.isInteger(seq) && DURABILITIES.includes(durability);
}

export function auditError(log: string, cause: unknown): GuardError {
  return new GuardError(
    'audit_error',
    `the audit log "${log}" did not take the entry (${messageOf(cause)}), and nothing runs unrecorded; mend the log and call again`,
    { cause },
  );
}
