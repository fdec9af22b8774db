import type { Approval } from '../approvals/approval.ts';
import { DURABILITIES } from '../audit/log.ts';
import type { Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';
import { mintId } from '../ids.ts';
import type { KeyedClaim, LimitClaim } from '../limits/limits.ts';
import { type Guarantees, strongest, weakerThan } from '../sandbox/guarantees.ts';
import type { SandboxCheck } from '../sandbox/sandbox.ts';
import type { MaybePromise, Steps } from '../steps.ts';
import { bindingsOf, refusal, type Settled, store } from './ask.ts';
import { argsDigest, type CallState, PATIENT, sessionOf, storedArgs } from './call-state.ts';
import { record } from './record.ts';

/** What a call holds once it may start. */
export interface Admission {
  readonly attempt: string;
  readonly decision: Decision;
  readonly approval: Approval | undefined;
  /** Token of the reserved limits, if there are any. */
  readonly reserved: string | undefined;
}

/** Leases outlive the longest call; a crash frees them afterwards. */
const LEASE_MS = 15 * 60_000;

/** Step 7: reserve limits, consume the approval, record the allow. If any of it fails, nothing runs. */
export function* admit(state: CallState, { decision, approval }: Settled): Steps<Admission> {
  const attempt = mintId('att');
  const guarantees = yield* checkConditions(state, decision);
  const reserved = decision.limits.length === 0 ? undefined : yield* reserve(state, decision.limits, attempt);
  try {
    if (approval !== undefined) yield* consume(state, approval);
    yield* recordAllow(state, { attempt, decision, approval, reserved }, guarantees);
  } catch (error) {
    if (reserved !== undefined) yield* release(state, reserved);
    throw error;
  }
  return { attempt, decision, approval, reserved };
}

const checks = new WeakMap<object, MaybePromise<SandboxCheck>>();

/** What is required of sandbox and log has to be there before anything is used up. */
function* checkConditions(state: CallState, { conditions }: Decision): Steps<Guarantees | undefined> {
  const { parts, tool } = state;
  const required = strongest(tool.spec.requires ?? {}, conditions.sandbox ?? {});
  const { durability } = conditions;
  if (durability !== undefined) {
    const there = parts.audit === undefined ? -1 : DURABILITIES.indexOf(parts.audit.durability);
    if (there < DURABILITIES.indexOf(durability)) {
      throw new GuardError(
        'audit_error',
        `the policy requires a log of durability "${durability}", and this one offers "${parts.audit?.durability ?? 'none'}"; use another log`,
      );
    }
  }
  if (Object.keys(required).length === 0) return undefined;
  const { sandbox } = parts;
  const known = checks.get(sandbox) ?? sandbox.check();
  checks.set(sandbox, known);
  const check = yield* state.waiting.for(
    known,
    parts.storeTimeoutMs,
    () => new GuardError('sandbox_unavailable', `the sandbox "${sandbox.name}" could not be checked in time`),
  );
  if (!check.ok) {
    checks.delete(sandbox);
    throw new GuardError('sandbox_unavailable', `the sandbox "${sandbox.name}" does not work here: ${check.reason}`);
  }
  const weaker = weakerThan(check.guarantees, required);
  if (weaker === undefined) return check.guarantees;
  throw new GuardError(
    'sandbox_unavailable',
    `it requires ${weaker}: "${required[weaker]}", and the sandbox "${sandbox.name}" guarantees "${check.guarantees[weaker]}"; use a stronger sandbox`,
  );
}

function* reserve(state: CallState, claims: readonly LimitClaim[], attempt: string): Steps<string> {
  const { limits, storeTimeoutMs } = state.parts;
  const keyed = claims.map((claim) => keyedClaim(state, claim));
  let reservation: Awaited<ReturnType<typeof limits.reserve>>;
  try {
    reservation = yield* state.waiting.for(
      limits.reserve(keyed, attempt, LEASE_MS),
      storeTimeoutMs,
      () => new Error(`took longer than ${storeTimeoutMs} ms`),
    );
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GuardError('limits_error', `the limits "${limits.name}" failed (${why}); nothing runs uncounted`, {
      cause,
    });
  }
  if (reservation.ok) return reservation.token;
  const { key, left } = reservation;
  const claim = claims[keyed.findIndex((one) => one.key === key)];
  throw new GuardError(
    'limit_exceeded',
    `the limit "${claim?.id ?? key}" has ${left} left, and the call needs ${claim?.amount ?? 1}; wait or ask for less`,
  );
}

function keyedClaim(state: CallState, claim: LimitClaim): KeyedClaim {
  const who = sessionOf(state.context);
  const { agent } = state.context;
  const shared = {
    principal: [who.tenant, who.principal],
    tenant: [who.tenant],
    session: [who.tenant, who.principal, who.session],
    agent: [who.tenant, agent],
    guard: [],
  }[claim.per ?? 'principal'];
  return {
    key: JSON.stringify([claim.id, claim.per ?? 'principal', ...shared.map((part) => part ?? null)]),
    amount: claim.amount ?? 1,
    max: claim.max,
    windowMs: claim.windowMs,
  };
}

function* consume(state: CallState, approval: Approval): Steps<void> {
  const { approvals } = state.parts;
  const claim = mintId('clm');
  const result = yield* store(state, approvals.consume(approval.aid, claim, bindingsOf(state)));
  if (!result.ok) throw refusal(result.reason, approval);
}

function* recordAllow(
  state: CallState,
  { attempt, decision, approval }: Admission,
  guarantees: Guarantees | undefined,
): Steps<void> {
  const { parts, call } = state;
  if (parts.audit === undefined) return;
  try {
    yield* record(state, state.waiting, {
      kind: 'decision',
      action: 'tool.allow',
      attempt,
      ...(approval === undefined
        ? {}
        : { aid: approval.aid, votes: parts.redactor.stored(approval.votes) }),
      policy: state.policy,
      reason: parts.redactor.text(decision.reason),
      ...(decision.rule === undefined ? {} : { rule: decision.rule }),
      digest: argsDigest(state),
      args: storedArgs(state),
      ...(call.labels.length === 0 ? {} : { labels: call.labels }),
      ...(guarantees === undefined ? {} : { sandbox: { name: parts.sandbox.name, guarantees } }),
    });
  } catch (error) {
    // The entry may still become durable after all: say that nothing came of it.
    yield* attemptNotStarted(state, attempt);
    throw error;
  }
}

/** Says that an allowed call did not start. */
export function* attemptNotStarted(state: CallState, attempt: string): Steps<void> {
  try {
    yield* record(state, PATIENT, { kind: 'outcome', action: 'tool.outcome', attempt, status: 'not-started' });
  } catch {
    state.parts.logger?.warn(`${state.call.tool.name}: that ${attempt} did not start could not be recorded`);
  }
}

/** Gives back what was reserved and not used. */
export function* release(state: CallState, token: string): Steps<void> {
  const { limits, storeTimeoutMs, logger } = state.parts;
  try {
    yield* PATIENT.for(limits.release(token), storeTimeoutMs, () => new Error('took too long'));
  } catch {
    logger?.warn(`limits "${limits.name}" did not take back ${token}; it stays spent`);
  }
}
