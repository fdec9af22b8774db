import { type Grant, type GrantFilter, type GrantStore, isStanding } from '@guardstile/core';
import { bytesOf } from '@guardstile/sqlite';
import type { SQLInputValue } from 'node:sqlite';

import { foundBy, ownFilter } from './approval-rows.ts';
import { columnText, maybeColumnText } from './column-text.ts';
import type { ApprovalsFile } from './approvals-file.ts';
import type { StoreTransactions } from './store-transactions.ts';

type Row = Readonly<Record<string, unknown>>;

const COLUMNS = ['gid', 'ends', 'tenant', 'principal', 'tool'];

/** Grants in the file of a store, which answers at once. */
export interface SqliteGrants extends GrantStore {
  list(filter: GrantFilter): readonly Grant[];
  revoke(gid: string): Grant | undefined;
}

/** Grants in the file of a store. */
export function sqliteGrants(
  { prepare, seal }: ApprovalsFile,
  { read, write }: StoreTransactions,
): SqliteGrants {
  const byGid = prepare('SELECT * FROM standing_grant WHERE gid = ?');
  const insert = prepare(
    'INSERT INTO standing_grant (gid, ends, tenant, principal, tool, box) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const update = prepare('UPDATE standing_grant SET ends = ?, box = ? WHERE gid = ?');

  function find(gid: string): Grant | undefined {
    const row = byGid.get(columnText(gid));
    return row === undefined ? undefined : open(row);
  }

  function open(row: Row): Grant {
    const columns = COLUMNS.map((name) => row[name]);
    return seal.open(bytesOf(row['box']), foundBy(columns)) as Grant; // sealed below
  }

  return {
    add: (draft) =>
      write((now) => {
        const known = find(draft.gid);
        if (known !== undefined) return known;
        const grant: Grant = Object.freeze({
          ...draft,
          createdAt: now,
          expiresAt: now + draft.expiresMs,
        });
        const columns = columnsOf(grant);
        insert.run(...columns, seal.seal(grant, foundBy(columns)));
        return grant;
      }),
    list: (given) =>
      read((now) => {
        const filter = ownFilter(given);
        const { after, limit = 100 } = filter;
        const from = after === undefined ? 0 : byGid.get(columnText(after))?.['seq'];
        if (typeof from !== 'number' || !(limit > 0)) return [];
        const { sql, values } = grantQuery(filter, now);
        const most = Math.ceil(Math.min(limit, Number.MAX_SAFE_INTEGER));
        return prepare(sql)
          .all(...values, from, most)
          .map(open);
      }),
    revoke: (gid) =>
      write((now) => {
        const grant = find(gid);
        if (grant === undefined || grant.revokedAt !== undefined) return grant;
        const revoked = Object.freeze({ ...grant, revokedAt: now });
        const columns = columnsOf(revoked);
        update.run(0, seal.seal(revoked, foundBy(columns)), columnText(gid));
        return revoked;
      }),
  };
}

function columnsOf(grant: Grant): readonly SQLInputValue[] {
  const { gid, expiresAt, tenant, principal, tool } = grant;
  // It ends where it stops standing: at its time, or, once revoked, before all times.
  const ends = grant.revokedAt === undefined && isStanding(grant, -Infinity) ? expiresAt : 0;
  return [
    columnText(gid),
    ends,
    maybeColumnText(tenant),
    maybeColumnText(principal),
    columnText(tool.name),
  ];
}

const SELECTIVE = ['principal', 'tenant', 'tool'] as const;

/** The query of a filter. */
export function grantQuery(
  filter: GrantFilter,
  now: number,
): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  const asked = SELECTIVE.flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [{ name, value: columnText(value) }];
  });
  const standing = filter.ended === true ? [] : ['ends > ?'];
  const clauses = [...asked.map(({ name }) => `${name} = ?`), ...standing, 'seq > ?'];
  return {
    sql: `SELECT * FROM standing_grant WHERE ${clauses.join(' AND ')} ORDER BY seq LIMIT ?`,
    values: [...asked.map(({ value }) => value), ...standing.map(() => now)],
  };
}
