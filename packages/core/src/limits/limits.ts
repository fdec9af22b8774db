import type { MaybePromise } from '../steps.ts';

/** How much of what a call uses up, and of how much there is. */
export interface LimitClaim {
  /** Name of the limit, such as `refunds-per-day`. */
  readonly id: string;
  /** How much this call uses. @default 1 */
  readonly amount?: number;
  /** How much may be used within the window. */
  readonly max: number;
  /** Length of the sliding window in milliseconds. */
  readonly windowMs: number;
  /** Who shares it. @default 'principal' */
  readonly per?: 'principal' | 'tenant' | 'session' | 'agent' | 'guard';
}

/** A claim as stores see it: `key` says who shares the limit. */
export interface KeyedClaim {
  readonly key: string;
  readonly amount: number;
  readonly max: number;
  readonly windowMs: number;
}

export type Reservation =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly key: string; readonly left: number };

/** Counts what is used, calls under way included. All methods are atomic and idempotent. */
export interface Limits {
  readonly name: string;
  /** Reserves all claims or none. `attempt` makes a repeated call the same reservation. */
  reserve(
    claims: readonly KeyedClaim[],
    attempt: string,
    leaseMs: number,
  ): MaybePromise<Reservation>;
  /** Extends the lease of a call that is still running. */
  renew(token: string, leaseMs: number): MaybePromise<void>;
  /** What was reserved is used up. */
  settle(token: string): MaybePromise<void>;
  /** What was reserved was not used. */
  release(token: string): MaybePromise<void>;
}
