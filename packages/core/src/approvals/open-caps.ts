import { GuardError } from '../errors.ts';
import type { ApprovalBindings } from './approval.ts';
import type { MemoryApprovalsOptions } from './memory.ts';

/** A number of open approvals that is not exceeded. */
export interface OpenCap {
  /** Names what is counted together. */
  readonly scope: string;
  readonly limit: number;
  /** Completes "so many approvals". */
  readonly of: string;
}

/**
 * What an approval counts towards while it is open: nobody answers a flood, and one session must not
 * keep the others from asking.
 */
export function openCaps({
  maxPending = 10_000,
  maxPendingPerTenant = maxPending,
  maxPendingPerSession = 100,
}: Omit<MemoryApprovalsOptions, 'clock'>): (bindings: ApprovalBindings) => readonly OpenCap[] {
  return ({ tenant, principal, session }) => {
    const all = { scope: '', limit: maxPending, of: '' };
    const ofTenant = { scope: keyOf(tenant), limit: maxPendingPerTenant, of: ' of this tenant' };
    if (session === undefined) return [all, ofTenant];
    const scope = keyOf(tenant, principal, session);
    return [all, ofTenant, { scope, limit: maxPendingPerSession, of: ' of this session' }];
  };
}

/** The refusal of one approval more. */
export function limitReached({ limit, of }: OpenCap): GuardError {
  return new GuardError(
    'approval_limit',
    `${limit} approvals${of} are open already; answer or cancel some of them first`,
  );
}

function keyOf(...parts: ReadonlyArray<string | undefined>): string {
  return JSON.stringify(parts.map((part) => part ?? null));
}
