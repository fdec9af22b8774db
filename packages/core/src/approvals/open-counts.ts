import { GuardError } from '../errors.ts';
import type { ApprovalDraft } from './approval.ts';
import type { MemoryApprovalsOptions } from './memory.ts';

/** How many approvals are open: in all, of a tenant, and in a session. */
export interface OpenCounts {
  isFull(draft: ApprovalDraft): boolean;
  /** @throws {GuardError} `approval_limit`. */
  check(draft: ApprovalDraft): void;
  add(draft: ApprovalDraft, by: 1 | -1): void;
}

/** Nobody answers a flood, and one session must not keep the others from asking. */
export function openCounts({
  maxPending = 10_000,
  maxPendingPerTenant = maxPending,
  maxPendingPerSession = 100,
}: MemoryApprovalsOptions): OpenCounts {
  const counts = new Map<string, number>();

  function reached({ bindings }: ApprovalDraft): string | undefined {
    const { tenant, principal, session } = bindings;
    if (countOf(ALL) >= maxPending) return `${maxPending} approvals`;
    if (countOf(keyOf(tenant)) >= maxPendingPerTenant)
      return `${maxPendingPerTenant} approvals of this tenant`;
    if (session === undefined) return undefined;
    if (countOf(keyOf(tenant, principal, session)) < maxPendingPerSession) return undefined;
    return `${maxPendingPerSession} approvals of this session`;
  }

  const countOf = (key: string): number => counts.get(key) ?? 0;

  return {
    isFull: (draft) => reached(draft) !== undefined,
    check(draft) {
      const what = reached(draft);
      if (what === undefined) return;
      throw new GuardError(
        'approval_limit',
        `${what} are open already; answer or cancel some of them first`,
      );
    },
    add({ bindings: { tenant, principal, session } }, by) {
      const inSession = session === undefined ? [] : [keyOf(tenant, principal, session)];
      for (const key of [ALL, keyOf(tenant), ...inSession]) {
        const count = countOf(key) + by;
        if (count > 0) counts.set(key, count);
        else counts.delete(key);
      }
    },
  };
}

const ALL = '';

function keyOf(...parts: ReadonlyArray<string | undefined>): string {
  return JSON.stringify(parts.map((part) => part ?? null));
}
