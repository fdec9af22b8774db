import type { Approval, ApprovalBindings, ApprovalDraft } from '../approvals/approval.ts';
import { sameBindings } from '../approvals/lifecycle.ts';
import { expiryOf } from '../approvals/requirements.ts';
import type { AskDecision } from '../decision.ts';
import { mintId } from '../ids.ts';
import type { Steps } from '../steps.ts';
import { fromStore, readApproval } from './approval-store.ts';
import { bindingsOf } from './bindings.ts';
import { type CallState, eventBase, storedArgs, viewOf } from './call-state.ts';
import { approvalKey } from './find-approval.ts';
import { requireNotStopped } from './gate.ts';
import { record } from './record.ts';

/** Writes the ask down and opens the approval. Nobody is asked about what could not run. */
export function* openApproval(state: CallState, decision: AskDecision, round = 0): Steps<Approval> {
  const { parts } = state;
  requireNotStopped(state);
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
    reason: state.parts.redactor.text(decision.reason),
    ...(decision.rule === undefined ? {} : { rule: decision.rule }),
    policy: state.policy,
    labels: state.call.labels,
    expiresMs: Math.min(
      expiryOf(decision.requirements) ?? Number.POSITIVE_INFINITY,
      state.parts.approvalExpiresMs,
    ),
  });
}
