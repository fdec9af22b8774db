import type { Approval, Vote } from '../approvals/approval.ts';
import type { ApprovalRequest, Approver } from '../approvals/approver.ts';
import { describeRequirement, type Requirements, unmet } from '../approvals/requirements.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { drive, type Steps } from '../steps.ts';
import { callOff } from './call-off.ts';
import { type CallState, eventBase, viewOf } from './call-state.ts';
import { record } from './record.ts';
import { refusal } from './refusal.ts';
import { castVote, voteOf } from './vote.ts';

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
 * Asks everybody who may answer, at once, until the approval is settled or everybody has answered.
 * Returns the approval once it is approved; every other end is a refusal.
 */
export function* askApprovers(
  state: CallState,
  approval: Approval,
  approvers: readonly Approver[],
): Steps<Approval> {
  const done = new AbortController();
  const { parts } = state;
  const limit = Math.min(parts.approvalTimeoutMs, approval.expiresAt - approval.createdAt);
  const late = (): GuardError =>
    new GuardError('approval_expired', `nobody answered within ${limit} ms; ask again`, {
      aid: approval.aid,
    });
  try {
    const answers = collect(state, approval, approvers, done.signal);
    const { current, absent } = yield* state.waiting.for(answers, limit, late);
    if (current.state === 'pending' && absent.length > 0) throw unanswered(current, absent);
    return approved(state, current);
  } catch (error) {
    const expired = error instanceof GuardError && error.code === 'approval_expired';
    yield* callOff(state, approval, expired ? 'expired' : 'cancelled');
    throw error;
  } finally {
    done.abort();
  }
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
  const { aid, requirements, votes, bindings } = approval;
  // What was voted on before the call came was told then.
  if (state.input.answer !== 'voted') resolved(state, approval);
  if (approval.state === 'approved') return approval;
  if (approval.state !== 'pending') throw refusal(approval.state, approval);
  const missing = unmet(requirements, votes, bindings.principal);
  const what = missing === undefined ? 'a vote' : describeRequirement(missing);
  const code = state.resumed?.aid === aid ? 'approval_required' : 'approval_denied';
  throw new GuardError(code, `it is not approved: ${what} is missing`, { aid });
}

/** That nobody answered is no denial, and the log must not say that somebody denied. */
function unanswered({ aid, requirements }: Approval, absent: readonly string[]): GuardError {
  const needed = requirements.votes.map(describeRequirement).join(' and ');
  return new GuardError(
    'approval_required',
    `it needs ${needed}, and nobody answered: ${[...new Set(absent)].join('; ')}`,
    { aid },
  );
}

/** What came in: the approval with all votes counted, and why there are no more. */
interface Collected {
  readonly current: Approval;
  readonly absent: readonly string[];
}

/** Counts one vote after the other, so that no vote of this process is in the way of another. */
async function collect(
  state: CallState,
  approval: Approval,
  approvers: readonly Approver[],
  signal: AbortSignal,
): Promise<Collected> {
  const absent: string[] = [];
  let current = approval;
  let turn: Promise<void> = Promise.resolve();
  let open = approvers.length;

  async function count(vote: Vote): Promise<void> {
    if (current.state !== 'pending' || signal.aborted) return;
    current = await drive(castVote(state, current, vote));
  }

  await new Promise<void>((resolve, reject) => {
    const answered = async (approver: Approver): Promise<void> => {
      const answer = await askOne(state, approval, approver, signal);
      if ('absent' in answer) absent.push(answer.absent);
      else turn = turn.then(() => count(answer));
      await turn;
      open -= 1;
      if (current.state !== 'pending' || open === 0) resolve();
    };
    for (const approver of approvers) answered(approver).catch(reject);
  });
  return { current, absent };
}

/** Why there is no vote. */
interface Absence {
  readonly absent: string;
}

/** One approver's vote. One that fails or answers nonsense has not voted. */
async function askOne(
  state: CallState,
  approval: Approval,
  approver: Approver,
  signal: AbortSignal,
): Promise<Vote | Absence> {
  const { parts, context } = state;
  const shown = parts.redactor.shown(state.call.confined);
  let revealed = false;
  const request: ApprovalRequest = Object.freeze({
    aid: approval.aid,
    rid: state.rid,
    tool: state.call.tool,
    facts: state.call.facts,
    args: shown.value,
    hidden: shown.hidden,
    digest: approval.bindings.digest,
    reason: parts.redactor.text(approval.reason),
    ...(approval.rule === undefined ? {} : { rule: approval.rule }),
    requirements: approval.requirements,
    context,
    expiresAt: approval.expiresAt,
    async reveal() {
      if (signal.aborted) throw refusal('cancelled', approval);
      await drive(
        record(state, state.waiting, {
          kind: 'approval',
          action: 'approval.revealed',
          actor: voterOf(approver)?.id ?? 'requester',
          aid: approval.aid,
          payload: { hidden: shown.hidden },
        }),
      );
      revealed = true;
      return viewOf(state).confined;
    },
  });

  let answer: Pick<Vote, 'verdict' | 'note'> | Absence;
  try {
    answer = readApproverAnswer(await approver.ask(request, { signal }));
  } catch (error) {
    if (!signal.aborted)
      parts.logger?.warn(`approver "${approver.name}" failed: ${messageOf(error)}`);
    return { absent: `the approver "${approver.name}" failed` };
  }
  if ('absent' in answer) return answer;
  if (answer.verdict === 'approve' && shown.hidden.length > 0 && !revealed) {
    throw new GuardError(
      'approval_unrevealed',
      `it was approved without looking at ${shown.hidden.join(', ')}; reveal hidden values first`,
      { aid: approval.aid },
    );
  }
  const voter = voterOf(approver) ?? context.principal;
  return voteOf({
    ...answer,
    ...(voter === undefined ? {} : { voter: voter.id, roles: voter.roles ?? [] }),
    channel: approver.name,
    digest: approval.bindings.digest,
    revealed,
  });
}

/** Not one that a polluted prototype lends everybody. */
function voterOf({ voter }: Approver): Approver['voter'] {
  const everybody: Partial<Approver> = Object.prototype;
  return voter === everybody.voter ? undefined : voter;
}

function readApproverAnswer(answer: unknown): Pick<Vote, 'verdict' | 'note'> | Absence {
  if (answer === 'approve' || answer === 'deny') return { verdict: answer };
  if (typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'verdict')) {
    const { verdict, note } = answer as Readonly<Record<string, unknown>>;
    const noted = Object.hasOwn(answer, 'note') && typeof note === 'string' ? { note } : {};
    const known = Object.keys(answer).every((key) => key === 'verdict' || key === 'note');
    if (known && (verdict === 'approve' || verdict === 'deny')) return { verdict, ...noted };
    if (known && verdict === 'abstain') return { absent: noted.note ?? 'the approver abstained' };
  }
  return { absent: 'the approver gave no answer that is understood' };
}
