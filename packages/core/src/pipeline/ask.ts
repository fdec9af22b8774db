import { hash } from '#hash';

import type {
  Approval,
  ApprovalBindings,
  ApprovalDraft,
  ApprovalRefusal,
  ApprovalResult,
  Vote,
} from '../approvals/approval.ts';
import type { ApprovalRequest, Approver, ApproverAnswer } from '../approvals/approver.ts';
import { describeRequirement, type Requirements, unmet } from '../approvals/requirements.ts';
import { canonical } from '../canonical.ts';
import type { AskDecision, Decision } from '../decision.ts';
import { digest } from '../digest.ts';
import { GuardError, type GuardErrorCode } from '../errors.ts';
import { mintId } from '../ids.ts';
import { drive, type MaybePromise, type Steps } from '../steps.ts';
import { argsDigest, type CallState, eventBase, PATIENT, sessionOf, storedArgs } from './call-state.ts';
import { judgeAgain } from './judge.ts';
import { record } from './record.ts';

/** How often an approval may turn out not to be enough before the call is given up. */
const MAX_ROUNDS = 3;

/** How many other votes may come in between reading an approval and voting on it. */
const MAX_VOTE_CONFLICTS = 100;

/** A decision under which the call may run, and the approval to consume first, if one was needed. */
export interface Settled {
  readonly decision: Decision;
  readonly approval: Approval | undefined;
}

/** Step 6: asks, and decides again with what was answered. */
export function* settleAsk(state: CallState, first: AskDecision): Steps<Settled> {
  let decision: AskDecision = first;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (!canBeAnswered(state, decision)) throw nobody(state, decision);
    const opened = yield* openApproval(state, decision, round);
    const approval = yield* resolve(state, opened);
    const next = yield* judgeAgain(state);
    if (next.effect !== 'ask') return { decision: next, approval };
    const missing = unmet(next.requirements, approval.votes, approval.bindings.principal);
    if (missing === undefined) return { decision: next, approval };
    yield* store(state, state.parts.approvals.cancel(approval.aid));
    decision = next;
  }
  throw new GuardError(
    'approval_invalid',
    'the policy asked for more each time it was answered; the call is given up',
  );
}

/** What an approval is bound to. */
export function bindingsOf(state: CallState): ApprovalBindings {
  const { principal, session, agent } = state.context;
  return Object.freeze({
    ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
    ...(principal === undefined ? {} : { principal: principal.id }),
    ...(session === undefined ? {} : { session }),
    ...(agent === undefined ? {} : { agent }),
    tool: state.call.tool,
    digest: argsDigest(state),
  });
}

/** Under which an approval is found again when the framework comes back with an answer. */
export function resumeKey(state: CallState, args: unknown): string {
  const who = sessionOf(state.context);
  const { agent } = state.context;
  const { id, tool } = state.call;
  return hash.sha256(
    canonical([who.tenant, who.principal, who.session, agent, tool.source, tool.name, id, digest('args', args)]),
  );
}

/** Writes the ask down and opens the approval, or finds the one that is open already. */
export function* openApproval(state: CallState, decision: AskDecision, round = 0): Steps<Approval> {
  const { parts } = state;
  if (round === 0 && state.resumed !== undefined) return state.resumed;
  // Nobody but this process waits for an answer that its own approvers give.
  const key = parts.approvers.length > 0 ? `${state.rid}/${round}` : resumeKey(state, state.input.args);
  const known = yield* store(state, parts.approvals.find(key));
  if (known !== undefined && (known.state === 'pending' || known.state === 'approved')) return known;
  const draft = draftOf(state, decision);
  yield* record(state, state.waiting, {
    kind: 'decision',
    action: 'tool.ask',
    aid: draft.aid,
    policy: state.policy,
    reason: parts.redactor.text(decision.reason),
    ...(decision.rule === undefined ? {} : { rule: decision.rule }),
    digest: draft.bindings.digest,
    args: storedArgs(state),
    requirements: decision.requirements,
    ...(draft.labels.length === 0 ? {} : { labels: draft.labels }),
  });
  const approval = yield* store(state, parts.approvals.create(draft, key));
  parts.events.emit('approval.requested', () => ({
    ...eventBase(state),
    aid: approval.aid,
    reason: parts.redactor.text(decision.reason),
    args: storedArgs(state),
    expiresAt: approval.expiresAt,
  }));
  return approval;
}

function draftOf(state: CallState, decision: AskDecision): ApprovalDraft {
  return Object.freeze({
    aid: mintId('aid'),
    rid: state.rid,
    bindings: bindingsOf(state),
    args: state.call.args,
    requirements: decision.requirements,
    reason: decision.reason,
    ...(decision.rule === undefined ? {} : { rule: decision.rule }),
    policy: state.policy,
    labels: state.call.labels,
    expiresMs: decision.requirements.expiresMs ?? state.parts.approvalExpiresMs,
  });
}

/** Waits for a store, which fails closed. */
export function* store<T>(state: CallState, value: MaybePromise<T>): Steps<T> {
  const { approvals, storeTimeoutMs } = state.parts;
  try {
    return yield* state.waiting.for(
      value,
      storeTimeoutMs,
      () => new Error(`took longer than ${storeTimeoutMs} ms`),
    );
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GuardError(
      'approval_store_error',
      `the approval store "${approvals.name}" failed (${why}), and nothing runs without it`,
      { cause },
    );
  }
}

/** The approval once it is approved; every other end is a refusal. */
function* resolve(state: CallState, approval: Approval): Steps<Approval> {
  const { parts, input } = state;
  if (approval.state === 'approved') return approval;
  if (input.answer !== undefined && approval === state.resumed) {
    const { principal } = state.context;
    const vote: Vote = Object.freeze({
      ...input.answer,
      ...(principal === undefined ? {} : { voter: principal.id, roles: principal.roles ?? [] }),
      digest: approval.bindings.digest,
      revealed: true,
    });
    return settled(state, yield* castVote(state, approval, vote));
  }
  return settled(state, yield* askApprovers(state, approval, askable(state, approval.requirements)));
}

function askable(state: CallState, requirements: Requirements): readonly Approver[] {
  return state.parts.approvers.filter((approver) => approver.accepts?.(requirements) !== false);
}

function canBeAnswered(state: CallState, { requirements }: AskDecision): boolean {
  return state.resumed !== undefined || askable(state, requirements).length > 0;
}

function nobody(state: CallState, { requirements, reason }: AskDecision): GuardError {
  if (state.input.answer !== undefined) {
    return new GuardError(
      'approval_unknown',
      'an approval was claimed that this guard never opened for exactly this call, person and session; create the guard once or share an approval store, and ask again',
    );
  }
  const needed = requirements.votes.map(describeRequirement).join(' and ');
  return new GuardError(
    'approval_required',
    `it needs ${needed} (${reason}), and nobody can be asked here; pass createGuard({ approver }) or let the framework ask`,
  );
}

/** Writes a vote down and counts it. Another vote in between is no reason to lose this one. */
function* castVote(state: CallState, approval: Approval, vote: Vote): Steps<Approval> {
  const { parts } = state;
  yield* record(state, state.waiting, {
    kind: 'approval',
    action: `approval.${vote.verdict}`,
    actor: vote.voter ?? 'requester',
    aid: approval.aid,
    digest: vote.digest,
    votes: [parts.redactor.stored(vote)],
  });
  let current = approval;
  for (let tries = 0; tries < MAX_VOTE_CONFLICTS; tries += 1) {
    const result = yield* store(state, parts.approvals.vote(current.aid, vote, current.version));
    if (result.ok) return result.approval;
    const again = result.reason === 'conflict' ? yield* store(state, parts.approvals.get(current.aid)) : undefined;
    if (again === undefined || again.version === current.version) throw refusal(result.reason, approval);
    current = again;
  }
  throw refusal('conflict', approval);
}

function settled(state: CallState, approval: Approval): Approval {
  state.parts.events.emit('approval.resolved', () => ({
    ...eventBase(state),
    aid: approval.aid,
    state: approval.state,
  }));
  if (approval.state === 'approved') return approval;
  if (approval.state !== 'pending') throw refusal(approval.state, approval);
  const missing = unmet(approval.requirements, approval.votes, approval.bindings.principal);
  const what = missing === undefined ? 'a vote' : describeRequirement(missing);
  throw new GuardError('approval_denied', `it was not approved: ${what} is missing`, {
    aid: approval.aid,
  });
}

const CODE_OF: Readonly<Record<ApprovalRefusal, GuardErrorCode>> = {
  unknown: 'approval_unknown',
  pending: 'approval_required',
  denied: 'approval_denied',
  expired: 'approval_expired',
  cancelled: 'approval_denied',
  consumed: 'approval_consumed',
  conflict: 'approval_store_error',
  mismatch: 'approval_invalid',
};

const WORDS_OF: Readonly<Record<ApprovalRefusal, string>> = {
  unknown: 'there is no such approval; ask again',
  pending: 'the approval is still waiting for an answer',
  denied: 'a person denied it; do not call it again with these arguments',
  expired: 'the approval expired before it was used; ask again',
  cancelled: 'the approval was called off',
  consumed: 'the approval was used already, and it holds for one call; ask again',
  conflict: 'the approval changed at the same moment; call again',
  mismatch: 'the approval was given for another call, person or session',
};

/** Why an approval lets nothing run, as an error. */
export function refusal(reason: ApprovalRefusal, { aid, votes }: Approval): GuardError {
  const note = reason === 'denied' ? votes.find((vote) => vote.verdict === 'deny')?.note : undefined;
  const words = note === undefined ? WORDS_OF[reason] : `${WORDS_OF[reason]} (they say: ${note})`;
  return new GuardError(CODE_OF[reason], words, { aid });
}

/** Asks everybody who may answer, at once, until the approval is settled or everybody has answered. */
function* askApprovers(
  state: CallState,
  approval: Approval,
  approvers: readonly Approver[],
): Steps<Approval> {
  const { parts } = state;
  const done = new AbortController();
  const limit = Math.min(parts.approvalTimeoutMs, approval.requirements.expiresMs ?? Infinity);
  const late = (): GuardError =>
    new GuardError('approval_expired', `nobody answered within ${limit} ms; ask again`, {
      aid: approval.aid,
    });
  try {
    return yield* state.waiting.for(collect(state, approval, approvers, done.signal), limit, late);
  } catch (error) {
    // Whoever waits no longer must not leave an approval behind that could still be answered.
    const cancelled: MaybePromise<ApprovalResult> = parts.approvals.cancel(approval.aid);
    yield* PATIENT.for(cancelled, parts.storeTimeoutMs, () => error);
    yield* record(state, PATIENT, {
      kind: 'approval',
      action: error instanceof GuardError && error.code === 'approval_expired' ? 'approval.expired' : 'approval.cancelled',
      aid: approval.aid,
    });
    throw error;
  } finally {
    done.abort();
  }
}

async function collect(
  state: CallState,
  approval: Approval,
  approvers: readonly Approver[],
  signal: AbortSignal,
): Promise<Approval> {
  let current = approval;
  await new Promise<void>((resolve, reject) => {
    let open = approvers.length;
    for (const approver of approvers) {
      askOne(state, approval, approver, signal)
        .then(async (vote) => {
          if (vote !== undefined && current.state === 'pending' && !signal.aborted) {
            current = await drive(castVote(state, current, vote));
          }
          open -= 1;
          if (current.state !== 'pending' || open === 0) resolve();
        })
        .catch(reject);
    }
  });
  return current;
}

/** One approver's vote. An approver that fails or answers nonsense denies. */
async function askOne(
  state: CallState,
  approval: Approval,
  approver: Approver,
  signal: AbortSignal,
): Promise<Vote | undefined> {
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
      await drive(
        record(state, state.waiting, {
          kind: 'approval',
          action: 'approval.revealed',
          actor: approver.voter?.id ?? 'requester',
          aid: approval.aid,
          payload: { hidden: shown.hidden },
        }),
      );
      revealed = true;
      return state.call.confined;
    },
  });

  let answer: ReturnType<typeof readApproverAnswer>;
  try {
    answer = readApproverAnswer(await approver.ask(request, { signal }));
  } catch (error) {
    if (signal.aborted) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    parts.logger?.warn(`approver "${approver.name}" failed: ${why}`);
    answer = { verdict: 'deny', note: 'the approver failed' };
  }
  if (answer.verdict === 'approve' && shown.hidden.length > 0 && !revealed) {
    throw new GuardError(
      'approval_unrevealed',
      `it was approved without looking at ${shown.hidden.join(', ')}; reveal hidden values first`,
      { aid: approval.aid },
    );
  }
  const voter = approver.voter ?? context.principal;
  return Object.freeze({
    ...answer,
    ...(voter === undefined ? {} : { voter: voter.id, roles: voter.roles ?? [] }),
    channel: approver.name,
    digest: approval.bindings.digest,
    revealed,
  });
}

function readApproverAnswer(answer: ApproverAnswer): Pick<Vote, 'verdict' | 'note'> {
  if (answer === 'approve' || answer === 'deny') return { verdict: answer };
  if (typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'verdict')) {
    const { verdict, note } = answer;
    const noted = Object.hasOwn(answer, 'note') && typeof note === 'string' ? { note } : {};
    const known = Object.keys(answer).every((key) => key === 'verdict' || key === 'note');
    if (known && (verdict === 'approve' || verdict === 'deny')) return { verdict, ...noted };
  }
  return { verdict: 'deny', note: 'the approver gave no answer that is understood' };
}
