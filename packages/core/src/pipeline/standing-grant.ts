import type { Approval, ApprovalBindings, Vote } from '../approvals/approval.ts';
import type { Grant, GrantDraft, GrantOffer } from '../approvals/grant.ts';
import { grantableFields, readGrantOffer } from '../approvals/grant-offer.ts';
import { unmet } from '../approvals/count-votes.ts';
import { grantable } from '../approvals/requirements.ts';
import { canonical } from '../canonical.ts';
import { allow, type AskDecision, type Decision } from '../decision.ts';
import { type Digest, digest } from '../digest.ts';
import { ownFields } from '../own-fields.ts';
import type { Steps } from '../steps.ts';
import { fromStore } from './approval-store.ts';
import { bindingsOf } from './bindings.ts';
import { type CallState, PATIENT } from './call-state.ts';
import { record } from './record.ts';
import { finishUp } from './trail.ts';

/** More grants for one person and tool than anybody can oversee. */
const MOST_GRANTS = 1000;

/**
 * An ask that a person answered for later calls too is an allow. Only asks of rules that offer this
 * are answered so, and only as far as the votes of back then meet what the rules require now.
 */
export function* answerByGrant(state: CallState, decision: Decision): Steps<Decision> {
  const { grants } = state.parts.approvals;
  if (decision.effect !== 'ask' || grants === undefined) return decision;
  if (grantable(decision.requirements).length === 0) return decision;
  const bindings = yield* bindingsOf(state);
  const { tenant, principal, tool } = bindings;
  // Two calls on nobody's behalf may be those of two people.
  if (principal === undefined) return decision;
  const filter = {
    ...(tenant === undefined ? {} : { tenant }),
    principal,
    tool: tool.name,
    limit: MOST_GRANTS,
  };
  const found = yield* fromStore(state, () => grants.list(filter), readGrants);
  const grant = found.find((one) => covers(one, state, bindings, decision));
  if (grant === undefined) return decision;
  state.grant = grant;
  const { policy, rule, obligations, limits, conditions } = decision;
  const extras = { ...(rule === undefined ? {} : { rule }), obligations, limits, conditions };
  const who = grant.votes.map(({ voter = 'the requester' }) => voter).join(' and ');
  return allow(policy, `allowed by the standing grant ${grant.gid} of ${who}`, extras);
}

function covers(
  grant: Grant,
  { call }: CallState,
  { tenant, principal, agent, session, tool }: ApprovalBindings,
  { requirements }: AskDecision,
): boolean {
  return (
    grantable(requirements).includes(grant.scope) &&
    grant.tenant === tenant &&
    grant.principal === principal &&
    grant.agent === agent &&
    (grant.scope === 'always' || (session !== undefined && grant.session === session)) &&
    canonical(grant.tool) === canonical(tool) &&
    (requirements.rules ?? []).every((rule) => grant.rules.includes(rule)) &&
    holdsFor(grant.where, call.confined) &&
    unmet(requirements, grant.votes, principal) === undefined
  );
}

/** What is bound to no field was given with a call that had none, and holds for such calls only. */
function holdsFor(where: Grant['where'], args: unknown): boolean {
  const fields = grantableFields(args);
  const bound = Object.entries(where);
  if (fields === undefined || (bound.length === 0 && fields.length > 0)) return false;
  const own = ownFields(args);
  return bound.every(
    ([field, value]) => Object.hasOwn(own, field) && valueDigest(own[field]) === value,
  );
}

/** Keeps what everybody who approved wants to hold for later calls too. The call does not depend on it. */
export function* keepGrant(state: CallState, approval: Approval | undefined): Steps<void> {
  const offer = approval === undefined ? undefined : agreedOffer(approval.votes);
  if (approval === undefined || offer === undefined) return;
  yield* finishUp(state, keep(state, approval, offer));
}

function* keep(state: CallState, approval: Approval, offer: GrantOffer): Steps<void> {
  const { approvals, redactor } = state.parts;
  const { grants } = approvals;
  if (grants === undefined) throw new Error(`the store "${approvals.name}" keeps no grants`);
  const draft = yield* draftOf(state, approval, offer);
  const { gid, aid, scope, rules, shown, expiresMs, votes } = draft;
  yield* record(state, PATIENT, {
    kind: 'approval',
    action: 'grant.given',
    actor: votes.map(({ voter = 'requester' }) => voter).join(', '),
    aid,
    payload: { gid, scope, rules, where: shown, expiresMs },
    votes: redactor.stored(votes),
  });
  yield* fromStore(state, () => grants.add(draft), readGrant, PATIENT);
}

/** One of two approvers alone must not answer for both of them ever after. */
function agreedOffer(votes: readonly Vote[]): GrantOffer | undefined {
  const offers = votes.flatMap(({ verdict, grant }) => (verdict === 'approve' ? [grant] : []));
  const [first] = offers;
  if (first === undefined) return undefined;
  const same = offers.every((one) => one !== undefined && canonical(one) === canonical(first));
  return same ? first : undefined;
}

function* draftOf(state: CallState, approval: Approval, offer: GrantOffer): Steps<GrantDraft> {
  const { confined } = state.call;
  // Votes of other processes were not looked at before.
  const { scope, fields, expiresMs } = readGrantOffer(offer, approval, confined);
  const args = ownFields(confined);
  const { aid, requirements, votes } = approval;
  const { tenant, principal, agent, session, tool } = yield* bindingsOf(state);
  const picked = fields.map((field) => [field, args[field]] as const);
  const shown = state.parts.redactor.shown(Object.fromEntries(picked)).value;
  return Object.freeze({
    gid: `gid_${aid.replace(/^aid_/, '')}`,
    scope,
    ...(tenant === undefined ? {} : { tenant }),
    ...(principal === undefined ? {} : { principal }),
    ...(agent === undefined ? {} : { agent }),
    ...(scope === 'always' || session === undefined ? {} : { session }),
    tool,
    rules: requirements.rules ?? [],
    where: Object.fromEntries(picked.map(([field, value]) => [field, valueDigest(value)])),
    shown: ownFields(shown),
    aid,
    votes,
    expiresMs,
  });
}

function valueDigest(value: unknown): Digest {
  return digest('granted-value', value);
}

/** Own fields only: what a polluted prototype lends an answer must not count. */
function readGrant(answer: unknown): Grant {
  const { gid, scope, tool, rules, where, votes, expiresAt } = ownFields(answer);
  const whole =
    typeof gid === 'string' &&
    (scope === 'session' || scope === 'always') &&
    typeof ownFields(tool)['name'] === 'string' &&
    Array.isArray(rules) &&
    typeof where === 'object' &&
    where !== null &&
    Array.isArray(votes) &&
    Number.isFinite(expiresAt);
  if (!whole) throw new Error('it answered a grant that is not whole');
  return answer as Grant; // every field that is relied upon was looked at
}

function readGrants(answer: unknown): readonly Grant[] {
  if (!Array.isArray(answer)) throw new Error('it answered no list of grants');
  return answer.map(readGrant);
}
