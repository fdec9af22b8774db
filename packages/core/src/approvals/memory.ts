import { canonical } from '../canonical.ts';
import { GuardError } from '../errors.ts';
import type {
  Approval,
  ApprovalBindings,
  ApprovalRefusal,
  ApprovalResult,
  ApprovalStore,
  Vote,
} from './approval.ts';
import { unmet } from './requirements.ts';

export interface MemoryApprovalsOptions {
  /** How many approvals may be pending at once. @default 10_000 */
  readonly maxPending?: number;
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
  const { maxPending = 10_000, clock = Date.now } = options;
  const byAid = new Map<string, Kept>();
  const byKey = new Map<string, Kept>();
  const settled = new Set<string>();
  const listeners = new Set<(aid: string) => void>();
  let pending = 0;

  function change(kept: Kept, next: Partial<Approval>): Approval {
    const before = kept.approval.state;
    kept.approval = Object.freeze({
      ...kept.approval,
      ...next,
      version: kept.approval.version + 1,
    });
    if (isOpen(before) && !isOpen(kept.approval.state)) settle(kept.approval.aid);
    tell(kept.approval.aid);
    return kept.approval;
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
  function settle(aid: string): void {
    pending -= 1;
    settled.add(aid);
    if (settled.size <= SETTLED_KEPT) return;
    const [oldest] = settled;
    if (oldest === undefined) return;
    settled.delete(oldest);
    const kept = byAid.get(oldest);
    byAid.delete(oldest);
    if (kept !== undefined && byKey.get(kept.key) === kept) byKey.delete(kept.key);
  }

  function current(kept: Kept): Approval {
    const { approval } = kept;
    if (isOpen(approval.state) && approval.expiresAt <= clock()) {
      return change(kept, { state: 'expired' });
    }
    return approval;
  }

  function open(aid: string, state: 'pending' | 'approved'): Kept | ApprovalRefusal {
    const kept = byAid.get(aid);
    if (kept === undefined) return 'unknown';
    const now = current(kept).state;
    if (now === state) return kept;
    return now === 'approved' ? 'conflict' : now;
  }

  return {
    name: 'memory',
    create(draft, key) {
      const known = byKey.get(key);
      if (known !== undefined) {
        const approval = current(known);
        // What ran out or was called off may be asked again; what was answered may not.
        if (approval.state !== 'expired' && approval.state !== 'cancelled') return approval;
      }
      if (pending >= maxPending) {
        for (const kept of byAid.values()) current(kept);
        if (pending >= maxPending) {
          throw new GuardError('approval_limit', `${maxPending} approvals are pending already`);
        }
      }
      const createdAt = clock();
      const approval: Approval = Object.freeze({
        ...draft,
        state: 'pending',
        votes: Object.freeze([]),
        version: 1,
        createdAt,
        expiresAt: createdAt + draft.expiresMs,
      });
      const kept: Kept = { approval, key, claim: undefined };
      byAid.set(draft.aid, kept);
      byKey.set(key, kept);
      pending += 1;
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
    vote(aid, vote, version) {
      const kept = open(aid, 'pending');
      if (typeof kept === 'string') return refused(kept);
      if (kept.approval.version !== version) return refused('conflict');
      if (vote.digest !== kept.approval.bindings.digest) return refused('mismatch');
      return { ok: true, approval: change(kept, afterVote(kept.approval, vote)) };
    },
    consume(aid, claim, bindings) {
      const repeated = byAid.get(aid);
      if (repeated?.approval.state === 'consumed' && repeated.claim === claim) {
        return { ok: true, approval: repeated.approval };
      }
      const kept = open(aid, 'approved');
      if (typeof kept === 'string') return refused(kept);
      if (!sameBindings(kept.approval.bindings, bindings)) return refused('mismatch');
      kept.claim = claim;
      return { ok: true, approval: change(kept, { state: 'consumed' }) };
    },
    cancel(aid) {
      const kept = byAid.get(aid);
      if (kept === undefined) return refused('unknown');
      const { state } = current(kept);
      if (!isOpen(state)) return refused(state as ApprovalRefusal); // every state that is not open is a refusal
      return { ok: true, approval: change(kept, { state: 'cancelled' }) };
    },
    list({ tenant, state, session, after, limit = 100 }) {
      const found: Approval[] = [];
      let reached = after === undefined;
      for (const kept of byAid.values()) {
        const approval = current(kept);
        if (reached && matches(approval, { tenant, state, session })) found.push(approval);
        if (found.length >= limit) break;
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

function isOpen(state: Approval['state']): boolean {
  return state === 'pending' || state === 'approved';
}

/** The state after a vote: one denial denies, and approved is what meets every requirement. */
function afterVote(approval: Approval, vote: Vote): Pick<Approval, 'state' | 'votes'> {
  const votes = Object.freeze([...approval.votes, vote]);
  if (vote.verdict !== 'approve') return { votes, state: 'denied' };
  const missing = unmet(approval.requirements, votes, approval.bindings.principal);
  return { votes, state: missing === undefined ? 'approved' : 'pending' };
}

/** Whether an approval was given for exactly this. */
export function sameBindings(a: ApprovalBindings, b: ApprovalBindings): boolean {
  return canonical(a) === canonical(b);
}

function matches(
  approval: Approval,
  filter: { tenant: string | undefined; state: string | undefined; session: string | undefined },
): boolean {
  return (
    (filter.tenant === undefined || approval.bindings.tenant === filter.tenant) &&
    (filter.state === undefined || approval.state === filter.state) &&
    (filter.session === undefined || approval.bindings.session === filter.session)
  );
}

function refused(reason: ApprovalRefusal): ApprovalResult {
  return { ok: false, reason };
}
