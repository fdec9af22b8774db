import { type ApprovalState, type AuditEntry, GuardError } from '@guardstile/core';

import { type ComparedLog, eachEntry } from './each-entry.ts';

/** What a store says of itself, to be compared with its log. */
export interface ComparedStore {
  readonly path: string;
  /** When it was made, milliseconds since 1970. */
  readonly created: number;
  /** When the oldest was made that still counts, if any does. */
  readonly oldestOpen: number | undefined;
  readonly oldestGrant: number | undefined;
  stateOf(aid: string): ApprovalState | undefined;
  /** Ends an approval, unless it is over. */
  cancel(aid: string): void;
  revoke(gid: string): void;
}

/** The clocks of store and log may differ by so much, in milliseconds. */
const SKEW_MS = 3_600_000;

/**
 * Looks up what the log says has happened. What was used, and the store has open or does not know,
 * makes it an older copy, which would let it run once more. What was denied or called off is called
 * off here too, and what was revoked is revoked. A promise where the log answers with one.
 *
 * @throws {GuardError} `approval_rolled_back`.
 */
export function catchUp(log: ComparedLog, store: ComparedStore): void | Promise<void> {
  return inTurn([
    () => sinceOpen(log, store, 'tool.allow', (entry) => refuseUsed(log, store, entry)),
    ...['approval.deny', 'approval.cancelled'].map(
      (action) => () =>
        sinceOpen(log, store, action, ({ aid }) => aid !== undefined && store.cancel(aid)),
    ),
    () => revokeAgain(log, store),
  ]);
}

/** One after the other; at once as long as each is. */
function inTurn([first, ...others]: ReadonlyArray<
  () => void | Promise<void>
>): void | Promise<void> {
  const going = first?.();
  if (going !== undefined) return going.then(() => inTurn(others));
  return others.length === 0 ? undefined : inTurn(others);
}

/** What the log says happened since the oldest approval was asked for that is open. */
function sinceOpen(
  log: ComparedLog,
  store: ComparedStore,
  action: string,
  visit: (entry: AuditEntry) => void,
): void | Promise<void> {
  return since(store, store.oldestOpen, (from) => eachEntry(log, { action, since: from }, visit));
}

function since(
  { created }: ComparedStore,
  oldest: number | undefined,
  read: (from: number) => void | Promise<void>,
): void | Promise<void> {
  return oldest === undefined ? undefined : read(Math.max(created, oldest - SKEW_MS));
}

function revokeAgain(log: ComparedLog, store: ComparedStore): void | Promise<void> {
  return since(store, store.oldestGrant, (from) =>
    eachEntry(log, { action: 'grant.revoked', since: from }, ({ payload }) => {
      const { gid } = (payload ?? {}) as { readonly gid?: unknown };
      if (typeof gid === 'string') store.revoke(gid);
    }),
  );
}

function refuseUsed(
  log: ComparedLog,
  { path, stateOf }: ComparedStore,
  { aid, seq }: AuditEntry,
): void {
  if (aid === undefined) return;
  const state = stateOf(aid);
  if (state === 'consumed') return;
  const has = state === undefined ? 'does not know it' : `has it as ${state}`;
  throw new GuardError(
    'approval_rolled_back',
    `the approval store ${path} is older than the log "${log.name}": entry ${seq} says that ${aid} was used, and the store ${has}; put the newer store back, or move this one away and start a new one, so that what is open is asked again`,
    { aid },
  );
}
