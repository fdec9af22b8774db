import { sameBindings } from '../approvals/lifecycle.ts';
import type { Approval } from '../approvals/approval.ts';
import { type AuditReceipt, DURABILITIES, type Durability } from '../audit/log.ts';
import type { Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';
import { mintId } from '../ids.ts';
import type { Steps } from '../steps.ts';
import { fromStore, readResult } from './approval-store.ts';
import type { Settled } from './ask.ts';
import { bindingsOf } from './bindings.ts';
import { argsDigest, type CallState, PATIENT, storedArgs } from './call-state.ts';
import { checkSandbox, needsSandbox, type SandboxInForce } from './check-sandbox.ts';
import { auditError, record } from './record.ts';
import { requireNotStopped } from './gate.ts';
import { refusal } from './refusal.ts';
import { release, reserve } from './reserve.ts';
import { finishUp } from './trail.ts';

/** What a call holds once it may start. */
export interface Admission {
  readonly attempt: string;
  readonly decision: Decision;
  readonly approval: Approval | undefined;
  /** Token of the reserved limits, if there are any. */
  readonly reserved: string | undefined;
}

/** Step 7: reserve limits, consume the approval, record the allow. If any of it fails, nothing runs. */
export function* admit(state: CallState, { decision, approval }: Settled): Steps<Admission> {
  const attempt = mintId('att');
  // A person's approval is not used up for a call that the gate is going to stop.
  if (approval !== undefined) requireNotStopped(state);
  // What is required of sandbox and log has to be there before anything is used up.
  requireDurability(state, decision);
  const sandbox = needsSandbox(state, decision) ? yield* checkSandbox(state, decision) : undefined;
  const { limits } = decision;
  const reserved = limits.length === 0 ? undefined : yield* reserve(state, limits, attempt);
  try {
    if (approval !== undefined) yield* consume(state, approval);
    if (state.parts.audit !== undefined) {
      yield* recordAllow(state, { attempt, decision, approval, reserved }, sandbox);
    }
  } catch (error) {
    if (reserved !== undefined) yield* finishUp(state, release(state, reserved));
    throw error;
  }
  state.admitted = true;
  return { attempt, decision, approval, reserved };
}

function requireDurability({ parts }: CallState, { conditions }: Decision): void {
  const required = durabilityOf(conditions);
  if (required === undefined || atLeast(parts.audit?.durability, required)) return;
  throw new GuardError(
    'audit_error',
    `the policy requires a log of durability "${required}", and this one offers "${parts.audit?.durability ?? 'none'}"; use another log`,
  );
}

function durabilityOf(conditions: Decision['conditions']): Durability | undefined {
  return Object.hasOwn(conditions, 'durability') ? conditions.durability : undefined;
}

function atLeast(there: Durability | undefined, required: Durability): boolean {
  return there !== undefined && DURABILITIES.indexOf(there) >= DURABILITIES.indexOf(required);
}

function* consume(state: CallState, approval: Approval): Steps<void> {
  const { approvals } = state.parts;
  const { aid } = approval;
  const claim = mintId('clm');
  const bindings = yield* bindingsOf(state);
  const result = yield* fromStore(state, () => approvals.consume(aid, claim, bindings), readResult);
  if (!result.ok) throw refusal(result.reason, approval);
  const { state: now, aid: consumed, bindings: bound } = result.approval;
  if (now !== 'consumed' || consumed !== aid || !sameBindings(bound, bindings)) {
    throw refusal('mismatch', approval);
  }
}

function* recordAllow(
  state: CallState,
  { attempt, decision, approval }: Admission,
  sandbox: SandboxInForce | undefined,
): Steps<void> {
  const { parts, call } = state;
  try {
    const receipt = yield* record(state, state.waiting, {
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
      ...(state.grant === undefined ? {} : { payload: { grant: state.grant.gid } }),
      ...(sandbox === undefined ? {} : { sandbox }),
    });
    requireReceipt(state, receipt);
  } catch (error) {
    // The entry may still become durable after all: say that nothing came of it.
    yield* finishUp(state, notStarted(state, attempt));
    throw error;
  }
}

/** An entry that is kept less well than the log declares was not recorded as the policy relied upon. */
function requireReceipt({ parts }: CallState, receipt: AuditReceipt | undefined): void {
  const declared = parts.audit?.durability;
  if (declared === undefined || atLeast(receipt?.durability, declared)) return;
  const kept = `it kept the entry with durability "${receipt?.durability ?? 'none'}" and declares "${declared}"`;
  throw auditError(parts.audit?.name ?? 'none', new Error(kept));
}

/** Says that an allowed call did not start. */
function* notStarted(state: CallState, attempt: string): Steps<void> {
  yield* record(state, PATIENT, {
    kind: 'outcome',
    action: 'tool.outcome',
    attempt,
    status: 'not-started',
  });
}
