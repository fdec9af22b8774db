import type { AuditDraft } from '@guardstile/core';

/** Keeps which attempts have begun and not ended. */
export function followAttempts(open: Set<string>, { kind, action, attempt }: AuditDraft): void {
  if (attempt === undefined) return;
  if (kind === 'decision' && action === 'tool.allow') open.add(attempt);
  if (kind === 'outcome') open.delete(attempt);
}
