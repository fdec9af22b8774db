import { hash } from '#hash';

import type { Approval } from '../approvals/approval.ts';
import { blindVote } from '../approvals/blind-vote.ts';
import { sameBindings } from '../approvals/lifecycle.ts';
import { canonical } from '../canonical.ts';
import type { Steps } from '../steps.ts';
import { fromStore, readApprovals, readMaybeApproval } from './approval-store.ts';
import { bindingsOf } from './bindings.ts';
import { type CallState, digestOf, sessionOf } from './call-state.ts';
import { confine } from './judge.ts';
import { refusal } from './refusal.ts';
import { takeStored } from './stored-args.ts';

/** The approval that an answer of the framework is about, if this guard opened one. */
export function* findResumed(state: CallState): Steps<void> {
  const { approvals } = state.parts;
  const { approval: aid } = state.input;
  const find = (): unknown =>
    aid === undefined ? approvals.find(resumeKey(state)) : approvals.get(aid);
  const found = yield* fromStore(state, find, readMaybeApproval);
  if (found === undefined || !isOwn(state, found)) return;
  state.resumed = found;
  state.rid = found.rid;
  state.call = Object.freeze({ ...state.call, rid: found.rid });
}

/** An id is no capability: the approval counts for the person, session and tool it was asked for. */
function isOwn({ context, call }: CallState, { bindings }: Approval): boolean {
  const { tenant, principal, session } = sessionOf(context);
  return (
    bindings.tenant === tenant &&
    bindings.principal === principal &&
    bindings.session === session &&
    bindings.agent === context.agent &&
    bindings.tool.source === call.tool.source &&
    bindings.tool.name === call.tool.name
  );
}

/** Under which an approval is found again when the framework comes back with an answer. */
function resumeKey(state: CallState): string {
  const { tenant, principal, session } = sessionOf(state.context);
  const { agent } = state.context;
  const { id, tool } = state.call;
  const args = digestOf(state, state.received);
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

/**
 * An approval that is open, or was denied a moment ago, for a call that is the same in everything
 * but its id: nobody is asked twice at once for the same thing.
 */
export function* findIdentical(state: CallState): Steps<Approval | undefined> {
  // Two calls on nobody's behalf may be those of two people.
  if (state.context.principal === undefined) return undefined;
  const bindings = yield* bindingsOf(state);
  const { tenant, principal, session, tool, digest: args } = bindings;
  const like = {
    ...(tenant === undefined ? {} : { tenant }),
    ...(principal === undefined ? {} : { principal }),
    ...(session === undefined ? {} : { session }),
    tool: tool.name,
    digest: args,
  };
  for (const wanted of ['approved', 'pending', 'denied'] as const) {
    const list = (): unknown => state.parts.approvals.list({ ...like, state: wanted });
    const found = yield* fromStore(state, list, readApprovals);
    const same = found.findLast(
      (one) => sameBindings(one.bindings, bindings) && blindVote(one) === undefined,
    );
    if (same === undefined) continue;
    if (same.state !== 'denied') return yield* asShown(state, same);
    // A denial holds for as long as the approval would have.
    if (same.expiresAt > Date.now()) throw refusal('denied', same);
  }
  return undefined;
}

/** Consent is not bound to cosmetic fields, so those run that the people who are asked have seen. */
function* asShown(state: CallState, approval: Approval): Steps<Approval> {
  if (state.tool.cosmetic.length === 0) return approval;
  takeStored(state, approval);
  yield* confine(state);
  return approval;
}

/** Nobody but this process waits for an answer that its own approvers give. */
export function approvalKey(state: CallState, round: number): string {
  return state.parts.approvers.length > 0 ? `${state.rid}/${round}` : resumeKey(state);
}
