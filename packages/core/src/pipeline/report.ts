import { draftToKeep } from '../audit/draft-to-keep.ts';
import type { AuditDraft } from '../audit/entry.ts';
import type { AuditReceipt } from '../audit/log.ts';
import type { CallContext } from '../call.ts';
import { GuardError } from '../errors.ts';
import type { Parts } from '../guard-options.ts';
import type { Steps } from '../steps.ts';
import { PATIENT, whoOf } from './call-state.ts';
import { append } from './record.ts';

/** What an application has to say: an entry without what the guard knows itself. */
export type ReportDraft = Omit<AuditDraft, 'kind' | 'actor'> & { readonly actor?: string };

/**
 * Writes an entry of the application's own, redacted with everything the guard knows to be secret.
 */
export function* writeReport(
  parts: Parts,
  context: CallContext,
  draft: ReportDraft,
): Steps<AuditReceipt | undefined> {
  if (parts.closed) throw new GuardError('closed', 'the guard was closed; create a new one');
  const { audit, redactor } = parts;
  if (audit === undefined) return undefined;
  const entry = { actor: 'application', ...draft, ...whoOf(context), kind: 'application' } as const;
  const kept = draftToKeep(entry, redactor);
  return yield* append(parts, kept, () => ({ at: Date.now(), ...whoOf(context) }), PATIENT);
}
