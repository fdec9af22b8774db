import type { AuditEntry, AuditFilter, AuditLog } from '@guardstile/core';

/** A log that a store is compared with; read entry by entry where it can be. */
export type ComparedLog = Pick<AuditLog, 'name' | 'query'> & {
  entries?(filter: AuditFilter): Iterable<AuditEntry>;
};

const PAGE = 1000;

/** Visits entries in order, never all of them in memory. A promise where the log answers with one. */
export function eachEntry(
  log: ComparedLog,
  filter: AuditFilter,
  visit: (entry: AuditEntry) => void,
): void | Promise<void> {
  if (log.entries !== undefined) {
    for (const entry of log.entries(filter)) visit(entry);
    return undefined;
  }
  return fromPage(-1);

  function fromPage(after: number): void | Promise<void> {
    const page = log.query({ ...filter, after, limit: PAGE });
    return 'then' in page ? Promise.resolve(page).then(visitPage) : visitPage(page);
  }

  function visitPage(page: readonly AuditEntry[]): void | Promise<void> {
    page.forEach(visit);
    const last = page.at(-1);
    return last === undefined || page.length < PAGE ? undefined : fromPage(last.seq);
  }
}
