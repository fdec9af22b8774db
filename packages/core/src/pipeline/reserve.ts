import { GuardError } from '../errors.ts';
import type { KeyedClaim, LimitClaim, Reservation } from '../limits/limits.ts';
import { messageOf } from '../message-of.ts';
import { ownFields } from '../own-fields.ts';
import type { MaybePromise, Steps } from '../steps.ts';
import { argsDigest, type CallState, PATIENT, sessionOf } from './call-state.ts';
import { trail } from './trail.ts';

/** Leases outlive the longest call; a crash frees them afterwards. */
export const LEASE_MS: number = 15 * 60_000;

/** Reserves what the call uses up, all or nothing; answers the token. */
export function* reserve(
  state: CallState,
  claims: readonly LimitClaim[],
  attempt: string,
): Steps<string> {
  const { limits, storeTimeoutMs } = state.parts;
  const keyed = claims.map((claim) => keyedClaim(state, claim));
  let reserving: MaybePromise<unknown>;
  let reservation: Reservation;
  try {
    reserving = limits.reserve(keyed, attempt, leaseOf(state));
    const late = (): Error => new Error(`it took longer than ${storeTimeoutMs} ms`);
    reservation = readReservation(yield* state.waiting.for(reserving, storeTimeoutMs, late));
  } catch (cause) {
    // What is granted when nobody waits for it any more must not stay taken.
    trail(state.parts, releaseLate(state, reserving));
    if (cause instanceof GuardError) throw cause;
    throw new GuardError(
      'limits_error',
      `the limits "${limits.name}" failed (${messageOf(cause)}), and nothing runs uncounted; mend the store and call again`,
      { cause },
    );
  }
  if (reservation.ok) return reservation.token;
  const { key, left } = reservation;
  const claim = claims[keyed.findIndex((one) => one.key === key)];
  throw new GuardError(
    'limit_exceeded',
    `the limit "${claim?.id ?? key}" has ${left} left, and the call needs ${claim?.amount ?? 1}; wait or ask for less`,
  );
}

/** The call is still running. */
export function* renew(state: CallState, token: string): Steps<void> {
  const { limits, storeTimeoutMs, logger } = state.parts;
  try {
    const renewing = limits.renew(token, leaseOf(state));
    yield* PATIENT.for(renewing, storeTimeoutMs, () => new Error('it took too long'));
  } catch (error) {
    logger?.warn(`limits "${limits.name}" did not renew ${token} (${messageOf(error)})`);
  }
}

function leaseOf({ tool, parts }: CallState): number {
  return LEASE_MS + (tool.timeoutMs ?? parts.timeoutMs ?? 0);
}

function readReservation(answer: unknown): Reservation {
  const { ok, token, key, left } = ownFields(answer);
  if (ok === true && typeof token === 'string') return { ok, token };
  if (ok === false) return { ok, key: String(key), left: Number(left) };
  throw new Error('it answered no reservation');
}

function keyedClaim(state: CallState, claim: LimitClaim): KeyedClaim {
  const who = sessionOf(state.context);
  const { agent } = state.context;
  const per = Object.hasOwn(claim, 'per') ? (claim.per ?? 'principal') : 'principal';
  const shared = {
    principal: [who.tenant, who.principal],
    tenant: [who.tenant],
    session: [who.tenant, who.principal, who.session],
    agent: [who.tenant, agent],
    guard: [],
  }[per];
  const parts = [claim.id, per, ...shared.map((part) => part ?? null), ...counted(state, claim)];
  return {
    key: JSON.stringify(parts),
    amount: Object.hasOwn(claim, 'amount') ? (claim.amount ?? 1) : 1,
    max: claim.max,
    windowMs: claim.windowMs === 'running' ? 0 : claim.windowMs,
  };
}

/** What sets calls apart that are counted on their own. */
function counted(state: CallState, claim: LimitClaim): readonly string[] {
  const same = Object.hasOwn(claim, 'same') ? claim.same : undefined;
  if (same === undefined) return [];
  const { source, name } = state.call.tool;
  return [same, source, name, ...(same === 'call' ? [argsDigest(state)] : [])];
}

function* releaseLate(state: CallState, reserving: MaybePromise<unknown>): Steps<void> {
  const { storeTimeoutMs } = state.parts;
  let token: string;
  try {
    const given = yield* PATIENT.for(
      reserving,
      storeTimeoutMs,
      () => new Error('it took too long'),
    );
    const reservation = readReservation(given);
    if (!reservation.ok) return;
    ({ token } = reservation);
  } catch {
    // Nothing was granted that could be given back.
    return;
  }
  yield* release(state, token);
}

/** Gives back what was reserved and not used. */
export function* release(state: CallState, token: string): Steps<void> {
  const { limits, storeTimeoutMs, logger } = state.parts;
  try {
    yield* PATIENT.for(limits.release(token), storeTimeoutMs, () => new Error('it took too long'));
  } catch (error) {
    logger?.warn(
      `limits "${limits.name}" did not take back ${token} (${messageOf(error)}); it stays spent`,
    );
  }
}

/** What was reserved is used up. */
export function* settleLimits(state: CallState, token: string): Steps<void> {
  const { limits, storeTimeoutMs, logger } = state.parts;
  try {
    yield* PATIENT.for(limits.settle(token), storeTimeoutMs, () => new Error('it took too long'));
  } catch (error) {
    logger?.warn(`limits "${limits.name}" did not settle ${token} (${messageOf(error)})`);
  }
}
