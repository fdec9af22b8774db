import type {
  Approval,
  ApprovalFilter,
  ApprovalRefusal,
  ApprovalResult,
  ApprovalStore,
} from './approval.ts';
import {
  atTime,
  isOpen,
  isRepeated,
  mayAskAgain,
  newApproval,
  toCancelled,
  toConsumed,
  withEdit,
  withVote,
} from './lifecycle.ts';
import { memoryGrants } from './memory-grants.ts';
import { limitReached, type OpenCap, openCaps } from './open-caps.ts';

export interface MemoryApprovalsOptions {
  /** How many approvals may be open at once. @default 10_000 */
  readonly maxPending?: number;
  /** How many of them for one tenant. @default as many */
  readonly maxPendingPerTenant?: number;
  /** How many of them in one session of one principal. @default 100 */
  readonly maxPendingPerSession?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
}

interface Kept {
  approval: Approval;
  readonly key: string;
  claim: string | undefined;
}

const SETTLED_KEPT = 10_000;

/** Approvals in the memory of this process: single use holds for as long as it lives. */
export function memoryApprovals(options: MemoryApprovalsOptions = {}): ApprovalStore {
  const { clock = Date.now } = options;
  const byAid = new Map<string, Kept>();
  const byKey = new Map<string, Kept>();
  const settled = new Set<string>();
  const capsOf = openCaps(options);
  const open = new Map<string, number>();
  const listeners = new Set<(aid: string) => void>();

  function change(kept: Kept, approval: Approval): Approval {
    const before = kept.approval.state;
    kept.approval = approval;
    if (isOpen(before) && !isOpen(approval.state)) settle(approval);
    tell(approval.aid);
    return approval;
  }

  function tell(aid: string): void {
    for (const listener of listeners) {
      try {
        listener(aid);
      } catch {
        // A hint: whoever did not take it looks again later.
      }
    }
  }

  /** Settled approvals stay so that a replay is recognised, the oldest of very many do not. */
  function settle(approval: Approval): void {
    count(approval, -1);
    settled.add(approval.aid);
    if (settled.size <= SETTLED_KEPT) return;
    const [oldest] = settled;
    if (oldest === undefined) return;
    settled.delete(oldest);
    const kept = byAid.get(oldest);
    byAid.delete(oldest);
    if (kept !== undefined && byKey.get(kept.key) === kept) byKey.delete(kept.key);
  }

  function count({ bindings }: Approval, by: 1 | -1): void {
    for (const { scope } of capsOf(bindings)) {
      const now = (open.get(scope) ?? 0) + by;
      if (now > 0) open.set(scope, now);
      else open.delete(scope);
    }
  }

  function current(kept: Kept): Approval {
    const approval = atTime(kept.approval, clock());
    return approval === kept.approval ? approval : change(kept, approval);
  }

  /** Takes one step from what the approval is by now. */
  function step(
    aid: string,
    to: (approval: Approval) => Approval | ApprovalRefusal,
  ): ApprovalResult {
    const kept = byAid.get(aid);
    if (kept === undefined) return { ok: false, reason: 'unknown' };
    const next = to(current(kept));
    return typeof next === 'string'
      ? { ok: false, reason: next }
      : { ok: true, approval: change(kept, next) };
  }

  return {
    name: 'memory',
    grants: memoryGrants(clock),
    create(draft, key) {
      const known = byKey.get(key);
      if (known !== undefined && !mayAskAgain(current(known).state)) return known.approval;
      const caps = capsOf(draft.bindings);
      const full = (): OpenCap | undefined =>
        caps.find(({ scope, limit }) => (open.get(scope) ?? 0) >= limit);
      if (full() !== undefined) for (const kept of byAid.values()) current(kept);
      const cap = full();
      if (cap !== undefined) throw limitReached(cap);
      const approval = newApproval(draft, clock());
      const kept: Kept = { approval, key, claim: undefined };
      byAid.set(draft.aid, kept);
      byKey.set(key, kept);
      count(approval, 1);
      tell(draft.aid);
      return approval;
    },
    get(aid) {
      const kept = byAid.get(aid);
      return kept === undefined ? undefined : current(kept);
    },
    find(key) {
      const kept = byKey.get(key);
      return kept === undefined ? undefined : current(kept);
    },
    vote: (aid, vote, version) => step(aid, (approval) => withVote(approval, vote, version)),
    edit: (aid, edit, version) => step(aid, (approval) => withEdit(approval, edit, version)),
    consume(aid, claim, bindings) {
      const kept = byAid.get(aid);
      if (kept !== undefined && isRepeated(kept, claim, bindings)) {
        return { ok: true, approval: kept.approval };
      }
      const result = step(aid, (approval) => toConsumed(approval, bindings));
      if (result.ok && kept !== undefined) kept.claim = claim;
      return result;
    },
    cancel: (aid) => step(aid, toCancelled),
    list(filter) {
      const { after, limit = 100 } = filter;
      const found: Approval[] = [];
      let reached = after === undefined;
      for (const kept of byAid.values()) {
        if (!(found.length < limit)) break;
        const approval = current(kept);
        if (reached && matches(approval, filter)) found.push(approval);
        if (approval.aid === after) reached = true;
      }
      return found;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

function matches(
  { bindings, state }: Approval,
  { tenant, principal, session, tool, digest, state: wanted }: ApprovalFilter,
): boolean {
  return (
    (tenant === undefined || bindings.tenant === tenant) &&
    (principal === undefined || bindings.principal === principal) &&
    (session === undefined || bindings.session === session) &&
    (tool === undefined || bindings.tool.name === tool) &&
    (digest === undefined || bindings.digest === digest) &&
    (wanted === undefined || state === wanted)
  );
}
