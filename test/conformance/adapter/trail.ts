import type { AuditEntry, Guard } from '@guardstile/core';

/** The entries of a guard's log about calls, in order. */
export async function trailOf(guard: Guard): Promise<readonly AuditEntry[]> {
  const entries = (await guard.audit?.query()) ?? [];
  return entries.filter(({ kind }) => kind !== 'genesis');
}

/** The same, as one word each: the action, and of an outcome its status. */
export async function actionsOf(guard: Guard): Promise<readonly string[]> {
  const trail = await trailOf(guard);
  return trail.map(({ action, status }) => (status === undefined ? action : `${action} ${status}`));
}
