import type { AuditDraft } from '@guardstile/core';

/** Keeps which attempts have begun and not ended. */
export function followAttempts(open: Set<string>, { kind, action, attempt }: AuditDraft): void {
  if (attempt === undefined) return;
  if (kind === 'decision' && action === 'tool.allow') open.add(attempt);
  if (kind === 'outcome') open.delete(attempt);
}

/** As a writer keeps them: what its predecessor left open it has said in its first entry. */
export function followWriter(open: Set<string>, draft: AuditDraft): void {
  if (draft.kind === 'recovery' && draft.action === 'log.reopened') open.clear();
  followAttempts(open, draft);
}
