import type { Approval, ApprovalResult } from '../approvals/approval.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { ownFields } from '../own-fields.ts';
import type { MaybePromise, Steps } from '../steps.ts';
import type { Waiting } from '../waiting.ts';
import type { CallState } from './call-state.ts';

/**
 * What a store answered, once it is understood. A store that fails, takes too long or answers
 * nonsense lets nothing run.
 */
export function* fromStore<T>(
  state: Pick<CallState, 'parts' | 'waiting'>,
  ask: () => MaybePromise<unknown>,
  read: (answer: unknown) => T,
  waiting: Waiting = state.waiting,
): Steps<T> {
  const { storeTimeoutMs } = state.parts;
  try {
    const late = (): Error => new Error(`it took longer than ${storeTimeoutMs} ms`);
    return read(yield* waiting.for(ask(), storeTimeoutMs, late));
  } catch (cause) {
    throw storeFailed(state.parts, cause);
  }
}

/** Listens to what changes in a store that tells of it. Returns the undo. */
export function listenTo(
  { parts }: Pick<CallState, 'parts'>,
  listener: (aid?: string) => void,
): (() => void) | undefined {
  const { approvals } = parts;
  if (approvals.subscribe === undefined) return undefined;
  try {
    const undo: unknown = approvals.subscribe(listener);
    if (typeof undo === 'function') return undo as () => void; // looked at
    throw new Error('its subscribe() gave no undo');
  } catch (cause) {
    throw storeFailed(parts, cause);
  }
}

function storeFailed({ approvals }: CallState['parts'], cause: unknown): GuardError {
  if (cause instanceof GuardError) return cause;
  return new GuardError(
    'approval_store_error',
    `the approval store "${approvals.name}" failed (${messageOf(cause)}), and nothing runs without it; mend the store and call again`,
    { cause },
  );
}

const STATES: readonly unknown[] = [
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'consumed',
] satisfies ReadonlyArray<Approval['state']>;

const REFUSALS: readonly unknown[] = [
  'unknown',
  'pending',
  'denied',
  'expired',
  'cancelled',
  'consumed',
  'conflict',
  'mismatch',
];

/** Own fields only: what a polluted prototype lends an answer must not count. */
export function readApproval(answer: unknown): Approval {
  const { aid, rid, bindings, requirements, state, votes, version, createdAt, expiresAt, reason } =
    ownFields(answer);
  const whole =
    typeof aid === 'string' &&
    typeof rid === 'string' &&
    typeof reason === 'string' &&
    typeof ownFields(bindings)['digest'] === 'string' &&
    Array.isArray(ownFields(requirements)['votes']) &&
    STATES.includes(state) &&
    Array.isArray(votes) &&
    [version, createdAt, expiresAt].every(Number.isFinite);
  if (!whole) throw new Error('it answered an approval that is not whole');
  return answer as Approval; // every field that is relied upon was looked at
}

export function readMaybeApproval(answer: unknown): Approval | undefined {
  return answer === undefined || answer === null ? undefined : readApproval(answer);
}

export function readApprovals(answer: unknown): readonly Approval[] {
  if (!Array.isArray(answer)) throw new Error('it answered no list');
  return answer.map(readApproval);
}

export function readResult(answer: unknown): ApprovalResult {
  const { ok, approval, reason } = ownFields(answer);
  if (ok === true) return { ok, approval: readApproval(approval) };
  if (ok === false && REFUSALS.includes(reason)) return answer as ApprovalResult; // both looked at
  throw new Error('it answered no result');
}
