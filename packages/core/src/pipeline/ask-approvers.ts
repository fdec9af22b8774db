import type { Approval } from '../approvals/approval.ts';
import type { Approver } from '../approvals/approver.ts';
import { unmet } from '../approvals/count-votes.ts';
import {
  describeRequirement,
  describeRequirements,
  type Requirements,
} from '../approvals/requirements.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { drive, type Steps } from '../steps.ts';
import { fromStore, listenTo, readMaybeApproval } from './approval-store.ts';
import { type Ballot, askOne, hasAgreed } from './ask-one.ts';
import { callOff } from './call-off.ts';
import { type CallState, eventBase, PATIENT } from './call-state.ts';
import { requireNotStopped } from './gate.ts';
import { refusal } from './refusal.ts';
import { watchStop } from './watch-stop.ts';

/** The approvers in this process that may answer such an ask. One that cannot say may not. */
export function askable(state: CallState, requirements: Requirements): readonly Approver[] {
  const { approvers, logger } = state.parts;
  return approvers.filter((approver) => {
    try {
      return approver.accepts?.(requirements) !== false;
    } catch (error) {
      logger?.warn(`approver "${approver.name}" failed: ${messageOf(error)}`);
      return false;
    }
  });
}

/**
 * Asks everybody who may answer, at once, until the approval is settled, or is another one, or
 * everybody has answered. Returns it approved, or still pending with other arguments or for other
 * people; every other end is a refusal.
 */
export function* askApprovers(state: CallState, approval: Approval): Steps<Approval> {
  const { parts, waiting } = state;
  const limit = Math.min(parts.approvalTimeoutMs, approval.expiresMs);
  const late = new GuardError('approval_expired', `nobody answered within ${limit} ms; ask again`, {
    aid: approval.aid,
  });
  const done = new AbortController();
  let collected: Collected;
  try {
    requireNotStopped(state);
    collected = yield* waiting.for(collect(state, approval, done.signal), limit, () => late);
  } catch (error) {
    if (error === late) return yield* nobodyInTime(state, approval, late);
    yield* callOff(state, approval);
    throw error;
  } finally {
    done.abort();
  }
  const { current, absent } = collected;
  if (current.state !== 'pending') return approved(state, current);
  if (isAnother(current, approval)) return current;
  if (absent.length > 0 && parts.asks === 'suspend')
    throw leftOpen(state, current, absent.join('; '));
  yield* callOff(state, current);
  throw absent.length > 0 ? unanswered(current, absent) : missing(state, current);
}

/** Whether the people who are asked have something else in front of them, or are others by now. */
function isAnother(now: Approval, before: Approval): boolean {
  return now.bindings.digest !== before.bindings.digest || now.escalated !== before.escalated;
}

/** A rule may let an ask wait for a late answer, or for others; the store says what became of it. */
function* nobodyInTime(state: CallState, approval: Approval, late: GuardError): Steps<Approval> {
  const { aid, requirements } = approval;
  if ((requirements.onExpiry ?? 'deny') !== 'deny') {
    const ask = (): unknown => state.parts.approvals.get(aid);
    const current = yield* fromStore(state, ask, readMaybeApproval);
    if (current?.state === 'approved') return approved(state, current);
    if (current?.state === 'pending') {
      if (isAnother(current, approval)) return current;
      throw leftOpen(state, current, 'nobody answered in time');
    }
  }
  yield* callOff(state, approval, 'expired');
  throw late;
}

/** Tells listeners that an approval is not open any more. */
export function resolved(state: CallState, approval: Approval): Approval {
  if (approval.state === 'pending') return approval;
  const { aid, state: became } = approval;
  state.parts.events.emit('approval.resolved', () => ({
    ...eventBase(state),
    aid,
    state: became,
  }));
  return approval;
}

/** The approval if the votes suffice. */
export function approved(state: CallState, approval: Approval): Approval {
  // What was voted on before the call came was told then.
  if (state.input.answer !== 'voted') resolved(state, approval);
  if (approval.state === 'approved') return approval;
  throw approval.state === 'pending' ? missing(state, approval) : refusal(approval.state, approval);
}

function missing(state: CallState, { aid, requirements, votes, bindings }: Approval): GuardError {
  const requirement = unmet(requirements, votes, bindings.principal);
  const what = requirement === undefined ? 'a vote' : describeRequirement(requirement);
  // Whoever comes too early comes again.
  if (state.input.approval === aid) state.suspended = true;
  const code = state.resumed?.aid === aid ? 'approval_required' : 'approval_denied';
  return new GuardError(code, `it is not approved: ${what} is missing`, { aid });
}

/** That nobody answered is no denial, and the log must not say that somebody denied. */
function unanswered({ aid, requirements }: Approval, absent: readonly string[]): GuardError {
  const needed = describeRequirements(requirements);
  return new GuardError(
    'approval_required',
    `it needs ${needed}, and nobody answered: ${[...new Set(absent)].join('; ')}`,
    { aid },
  );
}

/** The call is over, and the approval is not: whoever comes back with it goes on from there. */
export function leftOpen(
  state: CallState,
  { aid, requirements }: Approval,
  why: string,
): GuardError {
  state.suspended = true;
  return new GuardError(
    'approval_required',
    `it needs ${describeRequirements(requirements)} (${why}); it stays open as ${aid}: once it is approved, call it again or resume it`,
    { aid },
  );
}

/** What came in: the approval with all votes counted, and why there are no more. */
interface Collected {
  readonly current: Approval;
  readonly absent: readonly string[];
}

/**
 * Counts one vote after the other, so that no vote of this process is in the way of another. Votes
 * of other processes come in through the store.
 */
async function collect(
  state: CallState,
  approval: Approval,
  signal: AbortSignal,
): Promise<Collected> {
  const { approvals, asks } = state.parts;
  const approvers = askable(state, approval.requirements).filter(
    (approver) => !hasAgreed(approval, approver, state),
  );
  const absent: string[] = [];
  let current = approval;
  let turn: Promise<void> = Promise.resolve();
  let open = approvers.length;
  let unsubscribe: (() => void) | undefined;
  let unwatch: (() => void) | undefined;

  const isOver = (): boolean =>
    current.state !== 'pending' || isAnother(current, approval) || (open === 0 && asks !== 'wait');

  async function count(ballot: Ballot): Promise<void> {
    if (current.state !== 'pending' || isAnother(current, approval) || signal.aborted) return;
    current = await drive(ballot(current));
  }

  async function look(): Promise<void> {
    if (isOver() || signal.aborted) return;
    const ask = (): unknown => approvals.get(approval.aid);
    const seen = await drive(fromStore(state, ask, readMaybeApproval, PATIENT));
    if (seen === undefined) throw refusal('unknown', approval);
    if (seen.version > current.version) current = seen;
  }

  try {
    await new Promise<void>((resolve, reject) => {
      const next = (work: () => Promise<void>): void => {
        turn = turn.then(work).then(() => {
          if (isOver()) resolve();
        });
        turn.catch(reject);
      };
      const answered = async (approver: Approver): Promise<void> => {
        const answer = await askOne(state, approval, approver, signal);
        next(async () => {
          if (typeof answer === 'function') await count(answer);
          else absent.push(answer.absent);
          open -= 1;
        });
      };
      signal.addEventListener('abort', () => resolve(), { once: true });
      unwatch = watchStop(state, reject);
      unsubscribe = listenTo(state, (aid) => {
        if (aid === undefined || aid === approval.aid) next(look);
      });
      // Somebody may have answered before anybody listened.
      if (unsubscribe !== undefined) next(look);
      for (const approver of approvers) answered(approver).catch(reject);
    });
  } finally {
    unwatch?.();
    unsubscribe?.();
  }
  return { current, absent };
}
