import type { Grant, GrantFilter, GrantStore } from './grant.ts';

/** How many ended grants are kept for looking them up. */
const ENDED_KEPT = 10_000;

/** Grants in the memory of this process. */
export function memoryGrants(clock: () => number): GrantStore {
  const byGid = new Map<string, Grant>();

  function forget(): void {
    if (byGid.size <= ENDED_KEPT) return;
    const now = clock();
    for (const [gid, grant] of byGid) {
      if (!isStanding(grant, now)) byGid.delete(gid);
    }
  }

  return {
    add(draft) {
      const known = byGid.get(draft.gid);
      if (known !== undefined) return known;
      forget();
      const createdAt = clock();
      const grant: Grant = Object.freeze({
        ...draft,
        createdAt,
        expiresAt: createdAt + draft.expiresMs,
      });
      byGid.set(draft.gid, grant);
      return grant;
    },
    list(filter) {
      const { after, limit = 100 } = filter;
      const now = clock();
      const found: Grant[] = [];
      let reached = after === undefined;
      for (const grant of byGid.values()) {
        if (!(found.length < limit)) break;
        if (reached && matches(grant, filter, now)) found.push(grant);
        if (grant.gid === after) reached = true;
      }
      return found;
    },
    revoke(gid) {
      const grant = byGid.get(gid);
      if (grant === undefined || grant.revokedAt !== undefined) return grant;
      const revoked = Object.freeze({ ...grant, revokedAt: clock() });
      byGid.set(gid, revoked);
      return revoked;
    },
  };
}

/** Whether a grant still answers anything. `now` is the store's clock. */
export function isStanding({ revokedAt, expiresAt }: Grant, now: number): boolean {
  return revokedAt === undefined && expiresAt > now;
}

function matches(
  grant: Grant,
  { tenant, principal, tool, ended = false }: GrantFilter,
  now: number,
): boolean {
  return (
    (ended || isStanding(grant, now)) &&
    (tenant === undefined || grant.tenant === tenant) &&
    (principal === undefined || grant.principal === principal) &&
    (tool === undefined || grant.tool.name === tool)
  );
}
