import type { KeyObject } from 'node:crypto';

import { type AuditEntry, type AuditFilter, entryFilter, GuardError } from '@guardstile/core';

import { readLog } from './read-log.ts';
import { listSlots, logsIn, slotPath } from './slots.ts';

/**
 * The entries of a log one after the other, checked on the way: without the key everything but that
 * its holder wrote them. Those of several logs in one directory are in the order of their time.
 *
 * @throws {GuardError} `audit_tampered` at the first entry that is not as it was written.
 */
export function* fileEntries(
  path: string,
  filter: AuditFilter = {},
  key?: KeyObject,
): Generator<AuditEntry, void, undefined> {
  const { limit, ...rest } = { limit: undefined, ...filter };
  let left = limit ?? Infinity;
  const paths =
    logsIn(path).length > 1 ? listSlots(path).map((slot) => slotPath(path, slot)) : [path];
  for (const entry of inTime(paths.map((one) => logEntries(one, rest, key)))) {
    if (left <= 0) return;
    left -= 1;
    yield entry;
  }
}

/** The entries of one log. */
export function* logEntries(
  path: string,
  filter: AuditFilter = {},
  key?: KeyObject,
): Generator<AuditEntry, void, undefined> {
  const wanted = entryFilter(filter);
  for (const step of readLog(path, key).steps) {
    if ('fault' in step) {
      throw new GuardError(
        'audit_tampered',
        `entry ${step.fault.seq}: ${step.fault.reason}; verify the log and keep it as evidence`,
      );
    }
    if (wanted(step.entry)) yield step.entry;
  }
}

/** What comes first by its time, of what comes next in each. */
function* inTime(
  logs: ReadonlyArray<Generator<AuditEntry, void, undefined>>,
): Generator<AuditEntry, void, undefined> {
  const heads = logs.flatMap((log) => nextOf(log));
  while (heads.length > 0) {
    let first = 0;
    for (let i = 1; i < heads.length; i += 1) {
      if ((heads[i]?.entry.ts ?? 0) < (heads[first]?.entry.ts ?? 0)) first = i;
    }
    const [head] = heads.splice(first, 1);
    if (head === undefined) return;
    yield head.entry;
    heads.push(...nextOf(head.log));
  }
}

function nextOf(
  log: Generator<AuditEntry, void, undefined>,
): ReadonlyArray<{ readonly entry: AuditEntry; readonly log: typeof log }> {
  const { value: entry } = log.next();
  return entry === undefined ? [] : [{ entry, log }];
}
