import type { Redactor } from '../redact.ts';
import type { AuditDraft, AuditEntry } from './entry.ts';

/**
 * What a log keeps of a draft. Those of the guard are redacted already; entries of the application
 * come as they are: copied, so that they stay as they were, and redacted.
 */
export function draftToKeep(draft: AuditDraft, redactor: Redactor): AuditDraft {
  return draft.kind === 'application' ? applicationEntry(draft, redactor) : withoutSeal(draft);
}

/** Field by field, so that a long payload is no reason to cut who did it. */
function applicationEntry(draft: AuditDraft, redactor: Redactor): AuditDraft {
  const fields = Object.entries(draft).flatMap(([key, value]) =>
    Object.entries(redactor.stored({ [key]: value as unknown }) as object),
  );
  return withoutSeal(Object.fromEntries(fields) as unknown as AuditDraft); // copies have the shape of their originals
}

/** Seals are the log's own: one in a draft would be sealed as a field like any other. */
function withoutSeal(draft: AuditDraft): AuditDraft {
  if (!('hash' in draft) && !('mac' in draft)) return draft;
  const { hash: _hash, mac: _mac, ...rest } = draft as AuditDraft & Partial<AuditEntry>;
  return rest;
}
