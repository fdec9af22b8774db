import {
  type Approval,
  approvalLifecycle,
  type ApprovalRefusal,
  type ApprovalResult,
  type ApprovalStore,
} from '@guardstile/core';

import { approvalRows, type KeptApproval } from './approval-rows.ts';
import { refuseBehind } from './behind-log.ts';
import { changeWatch } from './change-watch.ts';
import { openRows } from './open-rows.ts';
import { sqliteGrants } from './sqlite-grants.ts';
import { readSqliteOptions, type SqliteApprovalsOptions } from './sqlite-options.ts';
import { type ClockMark, isNewer, storeClock } from './store-clock.ts';
import { openStoreFile } from './store-file.ts';
import { storeReadyAfter } from './store-ready-after.ts';

const {
  atTime,
  isOpen,
  limitReached,
  mayAskAgain,
  newApproval,
  openCaps,
  toCancelled,
  toConsumed,
  withEdit,
  withVote,
} = approvalLifecycle;

/** Approvals in a file. */
export interface SqliteApprovals extends ApprovalStore {
  /** Ends the connection, and the looking for other processes' changes. */
  close(): void;
}

/**
 * Approvals and grants in a file that any number of processes of one machine share: what is asked in
 * one is answered in another, and used once by whichever comes first. Every method is one
 * transaction, on the disk when it answers; records are encrypted and authenticated.
 *
 * @throws {GuardError} `options_invalid`; `approval_store_error` when the file cannot be used;
 * `approval_tampered`; `approval_rolled_back` when the audit log says more than the file.
 *
 * @example
 * const approvals = sqliteApprovals('approvals.db', { key });
 * const guard = createGuard({ policy, approvals, audit });
 */
export function sqliteApprovals(path: string, given: SqliteApprovalsOptions): SqliteApprovals {
  const options = readSqliteOptions(given);
  const file = openStoreFile(path, options.key, options.clock ?? Date.now);
  try {
    const { store, admitted } = storeOver(path, file, options);
    return admitted === undefined ? store : storeReadyAfter(admitted, store);
  } catch (error) {
    file.close();
    throw error;
  }
}

function storeOver(
  path: string,
  file: ReturnType<typeof openStoreFile>,
  options: SqliteApprovalsOptions,
): { readonly store: SqliteApprovals; readonly admitted: Promise<void> | undefined } {
  const { args = 'encrypted', audit, clock = Date.now } = options;
  const rows = approvalRows(file, args === 'encrypted');
  const open = openRows(file);
  const capsOf = openCaps(options);
  const tick = storeClock(clock);
  const watch = changeWatch(file.version);
  const selectMark = file.prepare('SELECT created, time, ahead FROM store');
  const updateMark = file.prepare('UPDATE store SET time = ?, ahead = ?');
  /** What the transaction changed so far. */
  let changed: string[] = [];

  function keptMark(): ClockMark {
    const row = selectMark.get();
    return { time: Number(row?.['time']), ahead: Number(row?.['ahead']) };
  }

  const read = <T>(work: (now: number) => T): T => file.read(() => work(tick(keptMark()).time));

  function write<T>(work: (now: number) => T): T {
    changed = [];
    const result = file.write(() => {
      const kept = keptMark();
      const mark = tick(kept);
      if (isNewer(mark, kept)) updateMark.run(mark.time, mark.ahead);
      return work(mark.time);
    });
    for (const aid of changed) watch.tell(aid);
    return result;
  }

  function scopesOf({ bindings }: Approval): readonly string[] {
    return capsOf(bindings).map(({ scope }) => scope);
  }

  function change(before: KeptApproval, approval: Approval, claim = before.claim): KeptApproval {
    const kept = { ...before, approval, claim };
    rows.update(kept);
    if (isOpen(before.approval.state) && !isOpen(approval.state)) open.add(scopesOf(approval), -1);
    changed.push(approval.aid);
    return kept;
  }

  function current(kept: KeptApproval, now: number): KeptApproval {
    const approval = atTime(kept.approval, now);
    return approval === kept.approval ? kept : change(kept, approval);
  }

  /** What is found by now. Nothing is written where time has made nothing of it. */
  function look(find: () => KeptApproval | undefined): Approval | undefined {
    const { found, isCurrent } = read((now) => {
      const kept = find()?.approval;
      return { found: kept, isCurrent: kept === undefined || atTime(kept, now) === kept };
    });
    if (isCurrent) return found;
    return write((now) => {
      const kept = find();
      return kept === undefined ? undefined : current(kept, now).approval;
    });
  }

  /** Takes one step from what the approval is by now. */
  function step(
    kept: KeptApproval | undefined,
    now: number,
    to: (approval: Approval) => Approval | ApprovalRefusal,
    claim?: string,
  ): ApprovalResult {
    if (kept === undefined) return { ok: false, reason: 'unknown' };
    const before = current(kept, now);
    const next = to(before.approval);
    return typeof next === 'string'
      ? { ok: false, reason: next }
      : { ok: true, approval: change(before, next, claim).approval };
  }

  /** Some at a time, so that other processes get a turn. */
  function settleDue(): void {
    while (read((now) => rows.hasDue(now))) {
      write((now) => {
        for (const kept of rows.due(now)) current(kept, now);
      });
    }
  }

  const store: SqliteApprovals = {
    name: 'sqlite',
    grants: sqliteGrants(file, { read, write }),
    create: (draft, key) =>
      write((now) => {
        const known = rows.byKey(key);
        const before = known === undefined ? undefined : current(known, now).approval;
        if (before !== undefined && !mayAskAgain(before.state)) return before;
        const caps = capsOf(draft.bindings);
        const full = () => caps.find(({ scope, limit }) => open.count(scope) >= limit);
        while (full() !== undefined && rows.hasDue(now)) {
          for (const kept of rows.due(now)) current(kept, now);
        }
        const cap = full();
        if (cap !== undefined) throw limitReached(cap);
        const approval = newApproval(draft, now);
        const kept = rows.insert(approval, key);
        open.add(scopesOf(approval), 1);
        changed.push(approval.aid);
        return kept;
      }),
    get: (aid) => look(() => rows.byAid(aid)),
    find: (key) => look(() => rows.byKey(key)),
    vote: (aid, vote, version) =>
      write((now) => step(rows.byAid(aid), now, (approval) => withVote(approval, vote, version))),
    edit: (aid, edit, version) =>
      write((now) => step(rows.byAid(aid), now, (approval) => withEdit(approval, edit, version))),
    consume: (aid, claim, bindings) =>
      write((now) => {
        file.assertDurable();
        const kept = rows.byAid(aid);
        // The same claim again: its first answer was lost on the way.
        if (kept?.approval.state === 'consumed' && kept.claim === claim) {
          return { ok: true, approval: kept.approval };
        }
        return step(kept, now, (approval) => toConsumed(approval, bindings), claim);
      }),
    cancel: (aid) => write((now) => step(rows.byAid(aid), now, toCancelled)),
    list(filter) {
      settleDue();
      return file.read(() => rows.list(filter));
    },
    subscribe: watch.subscribe,
    close() {
      watch.close();
      file.close();
    },
  };

  const oldestOpen = file.read(rows.oldestOpen);
  if (audit === undefined || oldestOpen === undefined) return { store, admitted: undefined };
  const created = Number(selectMark.get()?.['created']);
  const stateOf = (aid: string) => file.read(() => rows.byAid(aid))?.approval.state;
  const admitted = refuseBehind(path, audit, { created, oldestOpen }, stateOf);
  return { store, admitted: admitted ?? undefined };
}
