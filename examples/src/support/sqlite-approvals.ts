import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import {
  type Approval,
  type ApprovalRefusal,
  type ApprovalResult,
  type ApprovalStore,
  canonical,
  GuardError,
  unmet,
} from '@guardstile/core';

export interface SqliteApprovals extends ApprovalStore {
  close(): void;
}

interface Options {
  /** How many approvals may be open at once. @default 10_000 */
  readonly maxOpen?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
}

type Row = Readonly<Record<string, SQLOutputValue>>;

const SCHEMA = `
  PRAGMA synchronous = EXTRA;
  CREATE TABLE IF NOT EXISTS approval (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, aid TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
    state TEXT NOT NULL, expires INTEGER NOT NULL, claim TEXT, value BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS approval_key ON approval (key, seq);
  CREATE INDEX IF NOT EXISTS approval_open ON approval (state, expires);`;

/**
 * Approvals in a file that any number of processes of one machine share: what was asked for in one
 * is answered in another, and used once by whichever comes first. Every method is one transaction
 * that holds the write lock from its start, and what it answers is on the disk.
 *
 * An example of the port {@link ApprovalStore}; a packaged store comes with the durable approvals.
 */
export function sqliteApprovals(path: string, options: Options = {}): SqliteApprovals {
  const { maxOpen = 10_000, clock = Date.now } = options;
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec(SCHEMA);
  const byAid = database.prepare('SELECT * FROM approval WHERE aid = ?');
  const byKey = database.prepare('SELECT * FROM approval WHERE key = ? ORDER BY seq DESC LIMIT 1');
  const bySeq = database.prepare('SELECT * FROM approval WHERE seq > ? ORDER BY seq');
  const open = database.prepare(
    "SELECT count(*) AS n FROM approval WHERE state IN ('pending', 'approved') AND expires > ?",
  );
  const insert = database.prepare(
    'INSERT INTO approval (aid, key, state, expires, value) VALUES (?, ?, ?, ?, ?)',
  );
  const update = database.prepare(
    'UPDATE approval SET state = ?, claim = ?, value = ? WHERE aid = ?',
  );

  function atomically<T>(work: () => T): T {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  function change(
    before: Approval,
    next: Partial<Approval>,
    claim: string | null = null,
  ): Approval {
    const approval = { ...before, ...next, version: before.version + 1 };
    update.run(approval.state, claim, serialize(approval), approval.aid);
    return approval;
  }

  /** The approval of a row, expired by now if it was open for too long. */
  function current(row: Row | undefined): Approval | undefined {
    if (row === undefined) return undefined;
    const approval = deserialize(row['value'] as Uint8Array) as Approval; // written by change() and create()
    const late = isOpen(approval) && approval.expiresAt <= clock();
    return late ? change(approval, { state: 'expired' }) : approval;
  }

  /** Changes an approval that is in the given state, or says why it cannot be. */
  function from(
    aid: string,
    state: 'pending' | 'approved',
    step: (approval: Approval) => Approval | ApprovalRefusal,
  ): ApprovalResult {
    const approval = current(byAid.get(aid));
    if (approval === undefined) return { ok: false, reason: 'unknown' };
    if (approval.state !== state) return { ok: false, reason: refusalOf(approval) };
    const next = step(approval);
    return typeof next === 'string' ? { ok: false, reason: next } : { ok: true, approval: next };
  }

  return {
    name: 'sqlite',
    create: (draft, key) =>
      atomically(() => {
        const known = current(byKey.get(key));
        // What ran out or was called off may be asked again; what was answered may not.
        if (known !== undefined && known.state !== 'expired' && known.state !== 'cancelled') {
          return known;
        }
        if (Number(open.get(clock())?.['n']) >= maxOpen) {
          throw new GuardError('approval_limit', `${maxOpen} approvals are pending already`);
        }
        const createdAt = clock();
        const expiresAt = createdAt + draft.expiresMs;
        const approval: Approval = {
          ...draft,
          state: 'pending',
          votes: [],
          version: 1,
          createdAt,
          expiresAt,
        };
        insert.run(draft.aid, key, 'pending', expiresAt, serialize(approval));
        return approval;
      }),
    get: (aid) => atomically(() => current(byAid.get(aid))),
    find: (key) => atomically(() => current(byKey.get(key))),
    vote: (aid, vote, version) =>
      atomically(() =>
        from(aid, 'pending', (approval) => {
          if (approval.version !== version) return 'conflict';
          if (approval.bindings.digest !== vote.digest) return 'mismatch';
          const votes = [...approval.votes, vote];
          if (vote.verdict !== 'approve') return change(approval, { votes, state: 'denied' });
          const { requirements, bindings } = approval;
          const missing = unmet(requirements, votes, bindings.principal);
          return change(approval, { votes, state: missing === undefined ? 'approved' : 'pending' });
        }),
      ),
    consume: (aid, claim, bindings) =>
      atomically(() => {
        const row = byAid.get(aid);
        const approval = current(row);
        // The same claim again: its first answer was lost on the way.
        if (approval?.state === 'consumed' && row?.['claim'] === claim)
          return { ok: true, approval };
        return from(aid, 'approved', (approved) =>
          canonical(approved.bindings) === canonical(bindings)
            ? change(approved, { state: 'consumed' }, claim)
            : 'mismatch',
        );
      }),
    cancel: (aid) =>
      atomically(() => {
        const approval = current(byAid.get(aid));
        if (approval === undefined) return { ok: false, reason: 'unknown' };
        if (!isOpen(approval)) return { ok: false, reason: refusalOf(approval) };
        return { ok: true, approval: change(approval, { state: 'cancelled' }) };
      }),
    list: ({ tenant, state, session, after, limit = 100 }) =>
      atomically(() => {
        const start = after === undefined ? 0 : byAid.get(after)?.['seq'];
        if (start === undefined) return [];
        return bySeq
          .all(start)
          .flatMap((row) => current(row) ?? [])
          .filter(
            (approval) =>
              (tenant === undefined || approval.bindings.tenant === tenant) &&
              (state === undefined || approval.state === state) &&
              (session === undefined || approval.bindings.session === session),
          )
          .slice(0, limit);
      }),
    close: () => database.close(),
  };
}

function isOpen({ state }: Approval): boolean {
  return state === 'pending' || state === 'approved';
}

/** A pending approval that is approved meanwhile is a conflict; every other state says it itself. */
function refusalOf({ state }: Approval): ApprovalRefusal {
  return state === 'approved' ? 'conflict' : state;
}
