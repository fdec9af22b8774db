import type { MaybePromise } from '../steps.ts';

/** How much of what a call uses up, and of how much there is. */
export interface LimitClaim {
  /** Name of the limit, such as `refunds-per-day`. */
  readonly id: string;
  /** How much this call uses: a whole number above 0, of the smallest unit where it is money. @default 1 */
  readonly amount?: number;
  /** How much may be used within the window: a whole number. */
  readonly max: number;
  /**
   * Length of the sliding window in milliseconds. `'running'`: what a call uses is free again as soon
   * as it is over, so that `max` is how many may run at once.
   */
  readonly windowMs: number | 'running';
  /** Who shares it. @default 'principal' */
  readonly per?: 'principal' | 'tenant' | 'session' | 'agent' | 'guard';
  /**
   * What is counted on its own: the calls of each tool, or those of each tool with the same arguments,
   * which stops an agent that repeats itself. Absent: all that use the limit are counted together.
   */
  readonly same?: 'tool' | 'call';
}

/** A claim as stores see it: `key` says who shares the limit. */
export interface KeyedClaim {
  /** Any text. */
  readonly key: string;
  /** A safe integer above 0. */
  readonly amount: number;
  /** A safe integer, 0 or more. */
  readonly max: number;
  /** Finite, 0 or more. At 0 the amount is free again as soon as the call is over. */
  readonly windowMs: number;
}

export type Reservation =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly key: string; readonly left: number };

/**
 * Counts what is used, calls under way included. All methods are atomic and idempotent: a repeated
 * one changes nothing, and so does one for a token that was never given.
 *
 * What is reserved counts until its lease ends, and at least for its window: whoever crashes has
 * perhaps done it already, so that only a window of 0 is freed by the lease alone. What ran out stays
 * so. Time is the store's, and never goes backwards.
 */
export interface Limits {
  readonly name: string;
  /**
   * Reserves all claims or none. `attempt` makes a repeated call the same reservation.
   *
   * @throws {GuardError} `limits_error` for claims that {@link checkClaims} refuses, and when the
   * store cannot be used; nothing is reserved then.
   */
  reserve(
    claims: readonly KeyedClaim[],
    attempt: string,
    leaseMs: number,
  ): MaybePromise<Reservation>;
  /** Extends the lease of a call that is still running; never shortens it. */
  renew(token: string, leaseMs: number): MaybePromise<void>;
  /** What was reserved is used up: it leaves when its window is over, counted from now. */
  settle(token: string): MaybePromise<void>;
  /** What was reserved was not used. */
  release(token: string): MaybePromise<void>;
}
