import { type ApprovalState, type AuditEntry, type AuditLog, GuardError } from '@guardstile/core';

/** A log that a store is compared with when it is opened; read entry by entry where it can be. */
export type ComparedLog = Pick<AuditLog, 'name' | 'query'> & {
  entries?(filter: NonNullable<Parameters<AuditLog['query']>[0]>): Iterable<AuditEntry>;
};

/** The clocks of store and log may differ by so much, in milliseconds. */
const SKEW_MS = 3_600_000;
const PAGE = 1000;

/**
 * Looks up what the log says was used: a store that still has it open, or does not know it, is an
 * older copy, and would let it run once more. A promise where the log answers with one.
 *
 * @throws {GuardError} `approval_rolled_back`.
 */
export function refuseBehind(
  path: string,
  log: ComparedLog,
  { created, oldestOpen }: { readonly created: number; readonly oldestOpen: number },
  stateOf: (aid: string) => ApprovalState | undefined,
): void | Promise<void> {
  const since = Math.max(created, oldestOpen - SKEW_MS);
  const filter = { action: 'tool.allow', since } as const;

  function check({ aid, seq }: AuditEntry): void {
    if (aid === undefined) return;
    const state = stateOf(aid);
    if (state === 'consumed') return;
    throw new GuardError(
      'approval_rolled_back',
      `the approval store ${path} is older than the log "${log.name}": entry ${seq} says that ${aid} was used, and the store ${state === undefined ? 'does not know it' : `has it as ${state}`}; put the newer store back, or move this one away and start a new one, so that what is open is asked again`,
      { aid },
    );
  }

  if (log.entries !== undefined) {
    for (const entry of log.entries(filter)) check(entry);
    return undefined;
  }
  return fromPage(-1);

  function fromPage(after: number): void | Promise<void> {
    const page = log.query({ ...filter, after, limit: PAGE });
    return 'then' in page ? Promise.resolve(page).then(checkPage) : checkPage(page);
  }

  function checkPage(page: readonly AuditEntry[]): void | Promise<void> {
    page.forEach(check);
    const last = page.at(-1);
    return last === undefined || page.length < PAGE ? undefined : fromPage(last.seq);
  }
}
