import {
  type Approval,
  approvalLifecycle,
  type ApprovalFilter,
  type ApprovalState,
} from '@guardstile/core';
import { bytesOf } from '@guardstile/sqlite';
import type { SQLInputValue } from 'node:sqlite';

import type { ApprovalSeal } from './approval-seal.ts';
import { columnText, maybeColumnText } from './column-text.ts';
import type { ApprovalsFile } from './approvals-file.ts';

/** An approval with what only its store knows of it. */
export interface KeptApproval {
  readonly seq: number;
  readonly approval: Approval;
  readonly key: string;
  /** Who consumed it. */
  readonly claim: string | undefined;
}

/** The table of approvals. */
export interface ApprovalRows {
  byAid(aid: string): KeptApproval | undefined;
  /** The same, unless it is open. */
  settled(aid: string): KeptApproval | undefined;
  /** The latest under the key. */
  byKey(key: string): KeptApproval | undefined;
  /** Answers it as it is kept. */
  insert(approval: Approval, key: string): Approval;
  update(kept: KeptApproval, before: Approval): void;
  /** Whether time has made something else of any. */
  hasDue(now: number): boolean;
  /** Some of those of which it has, behind a place in the order of creation, and the next place. */
  due(now: number, from: number): { readonly due: readonly KeptApproval[]; readonly next?: number };
  list(filter: ApprovalFilter): readonly Approval[];
  /** When the oldest was created that is still open. */
  oldestOpen(): number | undefined;
}

type Marks = Pick<ApprovalSeal, 'mark'>;
type Row = Readonly<Record<string, unknown>>;

const { atTime, isOpen } = approvalLifecycle;

const COLUMNS = ['aid', 'key', 'state', 'due', 'tenant', 'principal', 'session', 'tool', 'digest'];

const DUE_AT_ONCE = 1000;

/** Few are due: they are sorted, so that the others need not be looked at. */
export const DUE_QUERY: string = `SELECT * FROM approval INDEXED BY approval_due
  WHERE due <= ? AND seq > ? ORDER BY seq LIMIT ${DUE_AT_ONCE}`;

/** `keepsArgs`: whether the arguments themselves are kept, or only their digest. */
export function approvalRows({ prepare, seal }: ApprovalsFile, keepsArgs: boolean): ApprovalRows {
  const byAid = prepare('SELECT * FROM approval WHERE aid = ?');
  const stateOf = prepare('SELECT state FROM approval WHERE aid = ?');
  const byKey = prepare('SELECT * FROM approval WHERE key = ? ORDER BY seq DESC LIMIT 1');
  const hasDue = prepare('SELECT 1 FROM approval WHERE due <= ? LIMIT 1');
  const due = prepare(DUE_QUERY);
  const marks = COLUMNS.map(() => '?').join(', ');
  const insert = prepare(`INSERT INTO approval (${COLUMNS.join(', ')}, box) VALUES (${marks}, ?)`);
  // Whatever is named here has its index written again, changed or not.
  const update = prepare('UPDATE approval SET state = ?, due = ?, box = ? WHERE seq = ?');
  const edit = prepare('UPDATE approval SET state = ?, due = ?, box = ?, digest = ? WHERE seq = ?');
  const seqOf = prepare('SELECT seq FROM approval WHERE aid = ?');
  const oldest = prepare('SELECT * FROM approval WHERE state = ? ORDER BY seq LIMIT 1');
  const lists = new Map<string, ReturnType<typeof prepare>>();

  function read(row: Row): KeptApproval {
    const box = bytesOf(row['box']);
    const opened = seal.open(box, foundBy(COLUMNS.map((name) => row[name])));
    return { ...(opened as Omit<KeptApproval, 'seq'>), seq: Number(row['seq']) }; // sealed below
  }

  const maybe = (row: Row | undefined): KeptApproval | undefined =>
    row === undefined ? undefined : read(row);

  function sealed({ approval, key, claim }: Omit<KeptApproval, 'seq'>) {
    const columns = columnsOf(approval, key, seal);
    return { columns, box: seal.seal({ approval, key, claim }, foundBy(columns)) };
  }

  return {
    byAid: (aid) => maybe(byAid.get(columnText(aid))),
    settled(aid) {
      const name = columnText(aid);
      const state = stateOf.get(name)?.['state'];
      return state === undefined || isOpen(state as ApprovalState)
        ? undefined
        : maybe(byAid.get(name)); // any text
    },
    byKey: (key) => maybe(byKey.get(seal.mark(key))),
    insert(given, key) {
      const approval = keepsArgs ? given : withoutArgs(given);
      const { columns, box } = sealed({ approval, key, claim: undefined });
      insert.run(...columns, box);
      return approval;
    },
    update({ seq, ...kept }, before) {
      const { state, bindings } = kept.approval;
      const { box } = sealed(kept);
      const ends = dueOf(kept.approval);
      if (bindings.digest === before.bindings.digest) update.run(state, ends, box, seq);
      else edit.run(state, ends, box, seal.mark(bindings.digest), seq);
    },
    hasDue: (now) => hasDue.get(now) !== undefined,
    due(now, from) {
      const found = due.all(now, from).map(read);
      const last = found.length < DUE_AT_ONCE ? undefined : found.at(-1)?.seq;
      return { due: found, ...(last === undefined ? {} : { next: last }) };
    },
    list(given) {
      const filter = ownFilter(given);
      const { after, limit = 100 } = filter;
      const from = after === undefined ? 0 : seqOf.get(columnText(after))?.['seq'];
      if (typeof from !== 'number' || !(limit > 0)) return [];
      const { sql, values } = listQuery(filter, seal);
      let statement = lists.get(sql);
      if (statement === undefined) lists.set(sql, (statement = prepare(sql)));
      const most = Math.ceil(Math.min(limit, Number.MAX_SAFE_INTEGER));
      return statement.all(...values, from, most).map((row) => read(row).approval);
    },
    oldestOpen() {
      const rows = ['pending', 'approved'].flatMap((state) => maybe(oldest.get(state)) ?? []);
      return rows.length === 0
        ? undefined
        : Math.min(...rows.map(({ approval }) => approval.createdAt));
    },
  };
}

function withoutArgs(approval: Approval): Approval {
  const { args: _args, ...rest } = approval;
  return Object.freeze(rest);
}

/** What derives from arguments, as the key and the digest do, is marked: it could be guessed from its hash. */
function columnsOf(approval: Approval, key: string, { mark }: Marks): readonly SQLInputValue[] {
  const { aid, state, bindings } = approval;
  const { tenant, principal, session, tool, digest } = bindings;
  return [
    columnText(aid),
    mark(key),
    state,
    dueOf(approval),
    maybeColumnText(tenant),
    maybeColumnText(principal),
    maybeColumnText(session),
    columnText(tool.name),
    mark(digest),
  ];
}

/** When time makes something of it; never, if an infinite one makes nothing. */
function dueOf(approval: Approval): number | null {
  const { expiresAt } = approval;
  if (expiresAt === Infinity || atTime(approval, Infinity) === approval) return null;
  return Number.isFinite(expiresAt) ? expiresAt : 0;
}

/** What a polluted prototype lends a filter was not asked for. */
export function ownFilter<T extends object>(filter: T): T {
  return Object.assign(Object.create(null) as object, filter);
}

/** What a record is authenticated with. */
export function foundBy(columns: readonly unknown[]): string {
  return JSON.stringify(columns);
}

/** From what few approvals share to what many do. */
const SELECTIVE = ['digest', 'session', 'principal', 'tenant', 'tool', 'state'] as const;
const PENDING_INDEXES: readonly string[] = ['principal', 'tenant', 'tool'];

/** The query of a filter: along an index whose order is that of creation. */
export function listQuery(
  filter: ApprovalFilter,
  { mark }: Marks,
): {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
} {
  const asked = SELECTIVE.flatMap((name) => {
    const value = filter[name];
    if (value === undefined) return [];
    return [{ name, value: name === 'digest' ? mark(value) : columnText(value) }];
  });
  const [first] = asked;
  const pending = filter.state === 'pending';
  // Only what stands in the query itself shows that a partial index can answer it.
  const bound = asked.filter(({ name }) => !(pending && name === 'state'));
  const clauses = [
    ...bound.map(({ name }) => `${name} = ?`),
    ...(pending ? ["state = 'pending'"] : []),
    'seq > ?',
  ];
  const kind = pending && PENDING_INDEXES.includes(first?.name ?? '') ? 'pending' : 'approval';
  const along = first === undefined ? 'NOT INDEXED' : `INDEXED BY ${kind}_${first.name}`;
  return {
    sql: `SELECT * FROM approval ${along} WHERE ${clauses.join(' AND ')} ORDER BY seq LIMIT ?`,
    values: bound.map(({ value }) => value),
  };
}
