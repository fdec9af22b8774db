import {
  type Approval,
  type ApprovalBindings,
  approvalLifecycle,
  type ApprovalRefusal,
  type ApprovalResult,
  type ApprovalStore,
} from '@guardstile/core';

import { type ApprovalRows, approvalRows, type KeptApproval } from './approval-rows.ts';
import { catchUp } from './catch-up.ts';
import { changeWatch } from './change-watch.ts';
import { openRows } from './open-rows.ts';
import { type SqliteGrants, sqliteGrants } from './sqlite-grants.ts';
import { readSqliteOptions, type SqliteApprovalsOptions } from './sqlite-options.ts';
import { type ApprovalsFile, openApprovalsFile } from './approvals-file.ts';
import { storeReadyAfter } from './store-ready-after.ts';
import { storeTransactions } from './store-transactions.ts';

const {
  atTime,
  isOpen,
  isRepeated,
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
  const file = openApprovalsFile(path, options.key, options.clock ?? Date.now);
  try {
    const { store, admitted } = storeOver(path, file, options);
    return admitted === undefined ? store : storeReadyAfter(admitted, store);
  } catch (error) {
    file.close();
    throw error;
  }
}

interface Opened {
  readonly store: SqliteApprovals;
  /** Settles when the log has been asked, where it takes its time. */
  readonly admitted: Promise<void> | undefined;
}

/** A step from what an approval is to what it becomes, or why it does not. */
type Step = (approval: Approval) => Approval | ApprovalRefusal;

/** Who takes an approval, and for what. */
interface Consumer {
  readonly claim: string;
  readonly bindings: ApprovalBindings;
}

/** What a step comes to: an answer that changes nothing, or what the approval becomes. */
function answerOf(
  kept: KeptApproval,
  to: Step,
  consumer: Consumer | undefined,
): ApprovalResult | { readonly next: Approval } {
  if (consumer !== undefined && isRepeated(kept, consumer.claim, consumer.bindings)) {
    return { ok: true, approval: kept.approval };
  }
  const next = to(kept.approval);
  return typeof next === 'string' ? { ok: false, reason: next } : { next };
}

function storeOver(path: string, file: ApprovalsFile, options: SqliteApprovalsOptions): Opened {
  const { args = 'encrypted', clock = Date.now } = options;
  const watch = changeWatch(file.version);
  const transactions = storeTransactions(file, clock, watch.tell);
  const { read, write } = transactions;
  const grants = sqliteGrants(file, transactions);
  const rows = approvalRows(file, args === 'encrypted');
  const open = openRows(file);
  const capsOf = openCaps(options);

  const scopesOf = ({ bindings }: Approval): readonly string[] =>
    capsOf(bindings).map(({ scope }) => scope);

  function change(before: KeptApproval, approval: Approval, claim = before.claim): KeptApproval {
    const kept = { ...before, approval, claim };
    rows.update(kept, before.approval);
    if (isOpen(before.approval.state) && !isOpen(approval.state)) open.remove(scopesOf(approval));
    return kept;
  }

  /** What is found, as time has left it. Nothing is written where that is nothing new. */
  function look(find: () => KeptApproval | undefined): Approval | undefined {
    const { found, isCurrent } = read((now) => {
      const approval = find()?.approval;
      return {
        found: approval,
        isCurrent: approval === undefined || atTime(approval, now) === approval,
      };
    });
    if (isCurrent) return found;
    return write((now, changed) => {
      const kept = find();
      return kept === undefined ? undefined : current(kept, now, changed).approval;
    });
  }

  function current(kept: KeptApproval, now: number, changed: (aid: string) => void): KeptApproval {
    const approval = atTime(kept.approval, now);
    if (approval === kept.approval) return kept;
    changed(approval.aid);
    return change(kept, approval);
  }

  /** Takes a step from what the approval is by now. */
  function step(aid: string, to: Step, consumer?: Consumer): ApprovalResult {
    // What is settled stays as it is: of many who want an approval, all but one only look.
    const settled = file.glance(() => rows.settled(aid));
    const answer = settled === undefined ? undefined : answerOf(settled, to, consumer);
    if (answer !== undefined && !('next' in answer)) return answer;
    return write((now, changed) => {
      if (consumer !== undefined) file.assertDurable();
      const found = rows.byAid(aid);
      if (found === undefined) return { ok: false, reason: 'unknown' };
      const before = current(found, now, changed);
      const answered = answerOf(before, to, consumer);
      if (!('next' in answered)) return answered;
      changed(aid);
      return { ok: true, approval: change(before, answered.next, consumer?.claim).approval };
    });
  }

  /** Gives each that is due its turn, from a place on; answers where to go on. */
  function settleSome(
    now: number,
    from: number,
    changed: (aid: string) => void,
  ): number | undefined {
    const { due, next } = rows.due(now, from);
    for (const kept of due) current(kept, now, changed);
    return next;
  }

  const store: SqliteApprovals = {
    name: 'sqlite',
    grants,
    create: (draft, key) =>
      write((now, changed) => {
        const known = rows.byKey(key);
        const before = known === undefined ? undefined : current(known, now, changed).approval;
        if (before !== undefined && !mayAskAgain(before.state)) return before;
        const caps = capsOf(draft.bindings);
        const full = () => caps.find(({ scope, limit }) => open.count(scope) >= limit);
        let from: number | undefined = 0;
        while (full() !== undefined && from !== undefined) from = settleSome(now, from, changed);
        const cap = full();
        if (cap !== undefined) throw limitReached(cap);
        const approval = rows.insert(newApproval(draft, now), key);
        open.add(scopesOf(approval));
        changed(approval.aid);
        return approval;
      }),
    get: (aid) => look(() => rows.byAid(aid)),
    find: (key) => look(() => rows.byKey(key)),
    vote: (aid, vote, version) => step(aid, (approval) => withVote(approval, vote, version)),
    edit: (aid, edit, version) => step(aid, (approval) => withEdit(approval, edit, version)),
    consume: (aid, claim, bindings) =>
      step(aid, (approval) => toConsumed(approval, bindings), { claim, bindings }),
    cancel: (aid) => step(aid, toCancelled),
    list(filter) {
      // Some at a time, so that other processes get a turn.
      let from: number | undefined = read(rows.hasDue) ? 0 : undefined;
      while (from !== undefined) {
        const place: number = from;
        from = write((now, changed) => settleSome(now, place, changed));
      }
      return file.read(() => rows.list(filter));
    },
    subscribe: watch.subscribe,
    close() {
      watch.close();
      file.close();
    },
  };
  return { store, admitted: admission(path, file, rows, store, grants, options) };
}

/** Compares the store with its log, if there is one. */
function admission(
  path: string,
  file: ApprovalsFile,
  rows: ApprovalRows,
  { cancel }: SqliteApprovals,
  grants: SqliteGrants,
  { audit }: SqliteApprovalsOptions,
): Promise<void> | undefined {
  if (audit === undefined) return undefined;
  const caughtUp = catchUp(audit, {
    path,
    created: Number(file.prepare('SELECT created FROM store').get()?.['created']),
    oldestOpen: file.read(rows.oldestOpen),
    oldestGrant: grants.list({ limit: 1 })[0]?.createdAt,
    stateOf: (aid) => file.read(() => rows.byAid(aid))?.approval.state,
    cancel: (aid) => void cancel(aid),
    revoke: (gid) => void grants.revoke(gid),
  });
  return caughtUp ?? undefined;
}
