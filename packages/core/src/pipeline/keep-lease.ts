import type { CallState } from './call-state.ts';
import { LEASE_MS, renew } from './reserve.ts';
import { trail } from './trail.ts';

/** Well before the lease is over, so that a slow store is in time. */
const RENEW_MS = LEASE_MS / 3;

interface Timer {
  unref?: () => unknown;
}

/** Keeps what a call reserved for as long as its body is waited for; returns how to begin that. */
export function leaseKeeper(state: CallState, token: string): () => () => void {
  let renewedAt = performance.now();

  function again(): void {
    renewedAt = performance.now();
    trail(state.parts, renew(state, token));
  }

  return () => {
    // Between the chunks of a stream nothing is waited for, and perhaps nobody comes for the next.
    if (performance.now() - renewedAt >= RENEW_MS) again();
    const timer: (Timer & object) | number = setInterval(again, RENEW_MS);
    // A timer is a number where there is no process that it could keep alive.
    if (typeof timer === 'object') (timer as Timer).unref?.();
    return () => clearInterval(timer);
  };
}
