import { hash } from '#hash';

import type { Approval, ApprovalBindings, ApprovalDraft } from '../approvals/approval.ts';
import { sameBindings } from '../approvals/lifecycle.ts';
import { describeRequirement, type Requirements, unmet } from '../approvals/requirements.ts';
import { canonical } from '../canonical.ts';
import { allow, type AllowDecision, type AskDecision, type Decision } from '../decision.ts';
import { digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import { mintId } from '../ids.ts';
import type { Steps } from '../steps.ts';
import { announce } from './announce.ts';
import { bindingsOf } from './bindings.ts';
import { fromStore, readApproval, readMaybeApproval } from './approval-store.ts';
import { approved, askable, askApprovers } from './ask-approvers.ts';
import { callOff } from './call-off.ts';
import { type CallState, eventBase, sessionOf, storedArgs, viewOf } from './call-state.ts';
import { judgeAgain } from './judge.ts';
import { record } from './record.ts';
import { refusal } from './refusal.ts';
import { castVote, voteOf } from './vote.ts';

/** How often an approval may turn out not to be enough before the call is given up. */
const MAX_ROUNDS = 3;

/** A decision under which the call may run, and the approval to consume first, if one was needed. */
export interface Settled {
  readonly decision: Decision;
  readonly approval: Approval | undefined;
}

/** The approval that an answer of the framework is about, if this guard opened one. */
export function* findResumed(state: CallState): Steps<void> {
  const key = resumeKey(state);
  const found = yield* fromStore(state, () => state.parts.approvals.find(key), readMaybeApproval);
  if (found === undefined) return;
  state.resumed = found;
  state.rid = found.rid;
  state.call = Object.freeze({ ...state.call, rid: found.rid });
}

/** Whether nobody has to be asked, and nobody has answered. */
export function isSettled({ input }: CallState, { effect }: Decision): boolean {
  return effect === 'allow' && input.answer === undefined;
}

/** Step 6: asks, and decides again with what was answered. */
export function* settleAsk(state: CallState, first: AllowDecision | AskDecision): Steps<Settled> {
  if (first.effect === 'allow') return { decision: first, approval: yield* spend(state) };
  let decision = first;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // The ask that the framework comes back with an answer to was told when it was opened.
    if (round > 0 || state.resumed === undefined) announce(state, decision);
    const approval = yield* obtain(state, decision, round);
    const next = yield* decideAgain(state, approval);
    if (next.effect !== 'ask') return { decision: next, approval };
    if (suffices(approval, next.requirements))
      return { decision: allowedBy(approval, next), approval };
    yield* callOff(state, approval);
    decision = next;
  }
  throw new GuardError(
    'approval_invalid',
    'the policy asked for more each time it was answered; the call is given up',
  );
}

/** An ask that was answered: what was a reason to ask is none to allow. */
function allowedBy(
  { votes }: Approval,
  { policy, rule, obligations, limits, conditions }: AskDecision,
): Decision {
  const who = votes.map(({ voter = 'the requester', channel }) => `${voter} through ${channel}`);
  const extras = { ...(rule === undefined ? {} : { rule }), obligations, limits, conditions };
  return allow(policy, `approved by ${who.join(' and ')}`, extras);
}

/**
 * Nobody has to be asked any more, but what a person answered counts: a denial denies, and an
 * approval is used up, so that it cannot run the call once more.
 */
function* spend(state: CallState): Steps<Approval | undefined> {
  const { input, resumed } = state;
  if (input.answer === undefined) return undefined;
  if (resumed === undefined) {
    if (input.answer === 'voted') throw unknownApproval();
    if (input.answer.verdict === 'approve') return undefined;
    throw new GuardError(
      'approval_denied',
      'a person denied it; do not call it again with these arguments',
    );
  }
  const answered = yield* countAnswer(state, resumed);
  if (answered.state !== 'pending') return approved(state, answered);
  yield* callOff(state, answered);
  return undefined;
}

/** An approval with every vote it needs. */
function* obtain(state: CallState, decision: AskDecision, round: number): Steps<Approval> {
  const { resumed } = state;
  if (round === 0 && resumed !== undefined)
    return approved(state, yield* countAnswer(state, resumed));
  // Nobody in this process is bothered with an answer to what was never asked.
  if (round === 0 && state.input.answer !== undefined) throw unknownApproval();
  const approvers = askable(state, decision.requirements);
  if (approvers.length > 0) {
    const opened = yield* openApproval(state, decision, round);
    return yield* askApprovers(state, opened, approvers);
  }
  // Whoever asked before, the framework or another process, can ask for the new requirements too.
  const reopened =
    resumed === undefined
      ? undefined
      : ((yield* findOpen(state, round)) ?? (yield* openApproval(state, decision, round)));
  throw nobody(state, decision, reopened);
}

function* decideAgain(state: CallState, approval: Approval): Steps<Decision> {
  let decision: Decision | undefined;
  try {
    decision = yield* judgeAgain(state);
    return decision;
  } finally {
    // Nobody but this call can use an approval that was given in this process.
    const lost = decision === undefined || decision.effect === 'deny';
    if (lost && approval.aid !== state.resumed?.aid) yield* callOff(state, approval);
  }
}

/** Whether what was approved is enough for what is required by now. */
function suffices({ votes, bindings, createdAt, expiresAt }: Approval, now: Requirements): boolean {
  if (unmet(now, votes, bindings.principal) !== undefined) return false;
  const expiresMs = expiryOf(now) ?? Number.POSITIVE_INFINITY;
  // The store watches over the time it was given; only a shorter one is news.
  return expiresMs >= expiresAt - createdAt || createdAt + expiresMs > Date.now();
}

function expiryOf(requirements: Requirements): number | undefined {
  return Object.hasOwn(requirements, 'expiresMs') ? requirements.expiresMs : undefined;
}

/** Under which an approval is found again when the framework comes back with an answer. */
function resumeKey(state: CallState): string {
  const { tenant, principal, session } = sessionOf(state.context);
  const { agent } = state.context;
  const { id, tool } = state.call;
  const args = digest('args', state.received);
  return hash.sha256(
    canonical([tenant, principal, session, agent, tool.source, tool.name, id, args]),
  );
}

/**
 * The approval that is open for this call already.
 *
 * @throws {GuardError} `approval_denied` or `approval_consumed`: what ran out or was called off may be
 * asked again, what was answered may not.
 */
export function* findOpen(state: CallState, round = 0): Steps<Approval | undefined> {
  const { approvals } = state.parts;
  const key = approvalKey(state, round);
  const known = yield* fromStore(state, () => approvals.find(key), readMaybeApproval);
  if (known?.state === 'denied' || known?.state === 'consumed') throw refusal(known.state, known);
  return known?.state === 'pending' || known?.state === 'approved' ? known : undefined;
}

/** Nobody but this process waits for an answer that its own approvers give. */
function approvalKey(state: CallState, round: number): string {
  return state.parts.approvers.length > 0 ? `${state.rid}/${round}` : resumeKey(state);
}

/** Writes the ask down and opens the approval. */
export function* openApproval(state: CallState, decision: AskDecision, round = 0): Steps<Approval> {
  const { parts } = state;
  const key = approvalKey(state, round);
  const draft = draftOf(state, decision, yield* bindingsOf(state));
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
  const approval = yield* fromStore(
    state,
    () => parts.approvals.create(draft, key),
    (answer) => readOwn(answer, draft),
  );
  parts.events.emit('approval.requested', () => ({
    ...eventBase(state),
    aid: approval.aid,
    reason: parts.redactor.text(decision.reason),
    args: storedArgs(state),
    expiresAt: approval.expiresAt,
  }));
  return approval;
}

function readOwn(answer: unknown, { bindings }: ApprovalDraft): Approval {
  const approval = readApproval(answer);
  if (sameBindings(approval.bindings, bindings)) return approval;
  throw new Error('it answered the approval of another call');
}

function draftOf(
  state: CallState,
  decision: AskDecision,
  bindings: ApprovalBindings,
): ApprovalDraft {
  const { value: shown, hidden } = state.parts.redactor.shown(state.call.confined);
  return Object.freeze({
    aid: mintId('aid'),
    rid: state.rid,
    call: state.call.id,
    bindings,
    args: viewOf(state).args,
    shown,
    hidden,
    requirements: decision.requirements,
    reason: decision.reason,
    ...(decision.rule === undefined ? {} : { rule: decision.rule }),
    policy: state.policy,
    labels: state.call.labels,
    expiresMs: Math.min(
      expiryOf(decision.requirements) ?? Number.POSITIVE_INFINITY,
      state.parts.approvalExpiresMs,
    ),
  });
}

/** Counts what the requester answered through the framework, unless it is in the store already. */
export function* countAnswer(state: CallState, approval: Approval): Steps<Approval> {
  const { input, context } = state;
  if (approval.state !== 'pending' && approval.state !== 'approved') {
    throw refusal(approval.state, approval);
  }
  if (input.answer === 'voted') return approval;
  const { channel, verdict, note } = input.answer ?? { channel: '', verdict: 'deny' };
  const { principal } = context;
  const vote = voteOf({
    verdict,
    channel,
    ...(note === undefined ? {} : { note }),
    ...(principal === undefined ? {} : { voter: principal.id, roles: principal.roles ?? [] }),
    digest: approval.bindings.digest,
    revealed: true,
  });
  return yield* castVote(state, approval, vote);
}

/** An answer to what was never asked: a forgery, or another guard's. */
export function unknownApproval(): GuardError {
  return new GuardError(
    'approval_unknown',
    'an approval was claimed that this guard never opened for exactly this call, person and session; create the guard once or share an approval store, and ask again',
  );
}

function nobody(
  state: CallState,
  { requirements, reason }: AskDecision,
  reopened: Approval | undefined,
): GuardError {
  const needed = requirements.votes.map(describeRequirement).join(' and ');
  if (reopened !== undefined) {
    const what = `the policy asks for more than was approved: it needs ${needed} (${reason}); answer again`;
    return new GuardError('approval_required', what, { aid: reopened.aid });
  }
  return new GuardError(
    'approval_required',
    `it needs ${needed} (${reason}), and nobody can be asked here; pass createGuard({ approver }) or let the framework ask`,
  );
}
