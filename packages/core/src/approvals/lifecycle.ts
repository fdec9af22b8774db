import { canonical } from '../canonical.ts';
import type {
  Approval,
  ApprovalBindings,
  ApprovalDraft,
  ApprovalEdit,
  ApprovalRefusal,
  ApprovalState,
  Vote,
} from './approval.ts';
import { editedDigest } from './edit.ts';
import { unmet } from './count-votes.ts';
import { escalate } from './requirements.ts';

export { limitReached, openCaps } from './open-caps.ts';

// What an approval becomes. Every store keeps what these functions answer, so that all of them mean
// the same; a store adds that nothing happens in between.

/** An approval as it begins. `now` is the store's clock. */
export function newApproval(draft: ApprovalDraft, now: number): Approval {
  return Object.freeze({
    ...draft,
    state: 'pending',
    votes: Object.freeze([]),
    version: 1,
    createdAt: now,
    expiresAt: now + draft.expiresMs,
  });
}

/** What time has made of it: the same object as long as it is nothing. */
export function atTime(approval: Approval, now: number): Approval {
  if (!isOpen(approval.state) || approval.expiresAt > now) return approval;
  const { onExpiry = 'deny' } = approval.requirements;
  if (approval.state === 'pending') {
    // Whoever answers late has as much time to use it as anybody. No vote is late because of it.
    if (onExpiry === 'park') {
      return Object.freeze({ ...approval, expiresAt: now + approval.expiresMs });
    }
    if (onExpiry === 'escalate' && approval.escalated !== true) {
      const escalated = next(approval, {
        escalated: true,
        requirements: escalate(approval.requirements),
        expiresAt: approval.expiresAt + approval.expiresMs,
      });
      return atTime(escalated, now);
    }
  }
  return next(approval, { state: 'expired' });
}

/** With one vote more: one denial denies, and approved is what meets every requirement. */
export function withVote(
  approval: Approval,
  vote: Vote,
  version: number,
): Approval | ApprovalRefusal {
  const { state, bindings } = approval;
  if (state !== 'pending') return refusalOf(state);
  if (approval.version !== version) return 'conflict';
  if (vote.digest !== bindings.digest) return 'mismatch';
  return counted(approval, [...approval.votes, vote]);
}

/** With other arguments: nobody but who changed them has voted on those. */
export function withEdit(
  approval: Approval,
  { shown, hidden, edited, vote }: ApprovalEdit,
  version: number,
): Approval | ApprovalRefusal {
  const { state, bindings, requirements } = approval;
  if (state !== 'pending') return refusalOf(state);
  if (approval.version !== version) return 'conflict';
  const { of, fields } = edited;
  const asked = approval.edited?.of ?? bindings.digest;
  const editable = Object.keys(fields).every((field) => requirements.editable.includes(field));
  if (vote.verdict !== 'approve' || of !== asked || !editable) return 'mismatch';
  if (vote.digest !== editedDigest(edited)) return 'mismatch';
  const changed = { shown, hidden, edited, bindings: { ...bindings, digest: vote.digest } };
  return counted({ ...approval, ...changed }, [vote]);
}

/** Used up. */
export function toConsumed(
  approval: Approval,
  bindings: ApprovalBindings,
): Approval | ApprovalRefusal {
  if (approval.state !== 'approved') return refusalOf(approval.state);
  if (!sameBindings(approval.bindings, bindings)) return 'mismatch';
  return next(approval, { state: 'consumed' });
}

/** Whether a consume is one that was granted already, and whose answer was lost on the way. */
export function isRepeated(
  { approval, claim }: { readonly approval: Approval; readonly claim: string | undefined },
  again: string,
  bindings: ApprovalBindings,
): boolean {
  const { state, bindings: bound } = approval;
  return state === 'consumed' && claim === again && sameBindings(bound, bindings);
}

/** Called off, which only what is open can be. */
export function toCancelled(approval: Approval): Approval | ApprovalRefusal {
  return isOpen(approval.state) ? next(approval, { state: 'cancelled' }) : approval.state;
}

/** Whether it may still become something. */
export function isOpen(state: ApprovalState): state is 'pending' | 'approved' {
  return state === 'pending' || state === 'approved';
}

/** Whether what was asked once may be asked again: what was answered may not. */
export function mayAskAgain(state: ApprovalState): boolean {
  return state === 'expired' || state === 'cancelled';
}

/** Whether an approval was given for exactly this. */
export function sameBindings(a: ApprovalBindings, b: ApprovalBindings): boolean {
  return canonical(a) === canonical(b);
}

function counted(approval: Approval, all: readonly Vote[]): Approval {
  const votes = Object.freeze([...all]);
  if (votes.some(({ verdict }) => verdict !== 'approve')) {
    return next(approval, { votes, state: 'denied' });
  }
  const missing = unmet(approval.requirements, votes, approval.bindings.principal);
  return next(approval, { votes, state: missing === undefined ? 'approved' : 'pending' });
}

function next(approval: Approval, change: Partial<Approval>): Approval {
  return Object.freeze({ ...approval, ...change, version: approval.version + 1 });
}

/** A pending approval that is approved meanwhile is a conflict; every other state says it itself. */
function refusalOf(state: ApprovalState): ApprovalRefusal {
  return state === 'approved' ? 'conflict' : state;
}
