import { type AuditDraft, type Guard, GuardError } from '@guardstile/core';

/**
 * Appends an entry of the adapter's own, in the guard's context.
 *
 * @throws {GuardError} `audit_error`.
 */
export async function appendEntry(
  { audit, context }: Guard,
  draft: Omit<AuditDraft, 'kind'>,
): Promise<void> {
  if (audit === undefined) return;
  const { principal, session, agent } = context;
  try {
    await audit.append({
      kind: 'application',
      ...draft,
      ...(principal === undefined ? {} : { user: principal.id }),
      ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
      ...(session === undefined ? {} : { session }),
      ...(agent === undefined ? {} : { agent }),
    });
  } catch (cause) {
    throw new GuardError(
      'audit_error',
      `the audit log "${audit.name}" did not take the entry "${draft.action}", and nothing goes on unrecorded; mend the log and call again`,
      { cause },
    );
  }
}
