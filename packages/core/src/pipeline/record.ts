import type { AuditDraft } from '../audit/entry.ts';
import { type AuditReceipt, DURABILITIES } from '../audit/log.ts';
import { GuardError } from '../errors.ts';
import type { EventBase } from '../events.ts';
import type { Parts } from '../guard-options.ts';
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
  if (state.parts.audit === undefined) return undefined;
  const entry = { ...entryBase(state), ...fields };
  return yield* append(state.parts, entry, () => eventBase(state), waiting);
}

/** Appends an entry and tells listeners. */
export function* append(
  { audit, storeTimeoutMs, events }: Parts,
  entry: AuditDraft,
  base: () => EventBase,
  waiting: Waiting,
): Steps<AuditReceipt | undefined> {
  if (audit === undefined) return undefined;
  let receipt: AuditReceipt;
  try {
    const appended = audit.append(entry);
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
  events.emit('audit', () => ({ ...base(), log, seq, action: entry.action }));
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
