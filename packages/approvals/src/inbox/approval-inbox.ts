import {
  type Approval,
  type ApprovalFilter,
  type ApprovalStore,
  type AuditLog,
  createRedactor,
  type Digest,
  editOf,
  type Grant,
  type GrantFilter,
  type GrantOffer,
  GuardError,
  isGuardError,
  type MaybePromise,
  ownOptions,
  readGrantOffer,
  type RedactOptions,
  type Vote,
} from '@guardstile/core';

import { messageOf } from '../message-of.ts';
import { type ApprovalView, viewOf } from './approval-view.ts';
import { findGrant } from './find-grant.ts';
import { inboxLog } from './inbox-log.ts';
import { decided, type InboxRefusal, refuse } from './inbox-refusal.ts';
import { isRefusal } from './is-refusal.ts';
import { whyNotAnswer, whyNotApprove, whyNotEdit } from './may-answer.ts';
import { readFields } from './read-fields.ts';
import { readNote } from './read-note.ts';
import { seenValues } from './seen-values.ts';
import { settleAnswer, type Step } from './settle-answer.ts';
import { readVoter, type Voter } from './voter.ts';

/** What an inbox is made of. */
export interface ApprovalInboxOptions {
  /** The store that the guards use. */
  readonly approvals: ApprovalStore;
  /** Where answers are written before they count; a log of its own for each process. Absent: nowhere. */
  readonly audit?: AuditLog;
  /** What to hide beside what is hidden anyway: the same as for the guard. */
  readonly redact?: RedactOptions;
}

/** One person's answer. */
export interface InboxVote {
  readonly voter: Voter;
  readonly verdict: 'approve' | 'deny';
  /** Digest of the arguments that the voter was shown. */
  readonly digest: string;
  /** How the answer came in, such as `web`. */
  readonly channel: string;
  /** At most 2,000 characters; the model reads that of a denial. */
  readonly note?: string;
  /** What should hold for later calls too, where what asks offers it. */
  readonly grant?: GrantOffer;
}

/** An approval with some fields changed. */
export interface InboxEdit extends Omit<InboxVote, 'verdict' | 'grant'> {
  /** Top-level fields of the arguments with their new JSON values. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type InboxResult = { readonly ok: true; readonly approval: ApprovalView } | InboxRefusal;

/** For whoever takes answers outside of the process that asks. A refusal is a value, a failure is thrown. */
export interface ApprovalInbox {
  /** In order of creation; `after` and `limit` page through. */
  list(filter?: ApprovalFilter): Promise<readonly ApprovalView[]>;
  show(aid: string): Promise<ApprovalView | undefined>;
  /** The arguments without anything hidden; that the voter saw them is written down first. */
  reveal(
    aid: string,
    voter: Voter,
  ): Promise<{ readonly ok: true; readonly args: unknown } | InboxRefusal>;
  vote(aid: string, vote: InboxVote): Promise<InboxResult>;
  /** Approves with other values: the votes of others do not count for those. */
  edit(aid: string, edit: InboxEdit): Promise<InboxResult>;
  grants(filter?: GrantFilter): Promise<readonly Grant[]>;
  /** Ends a grant, which anybody of its tenant may. */
  revoke(
    gid: string,
    voter: Voter,
  ): Promise<{ readonly ok: true; readonly grant: Grant } | InboxRefusal>;
}

/**
 * Counts what people answer outside of the process that asks: each answer is checked, written to the
 * audit log, and then counted by compare-and-set.
 *
 * @example
 * const inbox = approvalInbox({ approvals: sqliteApprovals('approvals.db', { key }), audit });
 * const [approval] = await inbox.list({ state: 'pending' });
 *
 * @throws {GuardError} `options_invalid`.
 */
export function approvalInbox(options: ApprovalInboxOptions): ApprovalInbox {
  const {
    approvals,
    audit,
    redact = {},
  } = ownOptions('approvalInbox', options, ['approvals', 'audit', 'redact'], 'options_invalid');
  if (typeof approvals !== 'object' || approvals === null) {
    throw new GuardError('options_invalid', 'approvalInbox: pass the store that the guards use');
  }
  const redactor = createRedactor(redact);
  const log = inboxLog(audit, redactor);
  const seen = seenValues(audit);

  async function ask<T>(question: () => MaybePromise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      if (isGuardError(cause)) throw cause;
      throw new GuardError(
        'approval_store_error',
        `the approval store "${approvals.name}" failed (${messageOf(cause)}); mend the store and answer again`,
        { cause },
      );
    }
  }

  async function open(aid: string, { tenant }: Voter): Promise<Approval | InboxRefusal> {
    const approval = (await ask(() => approvals.get(aid))) ?? undefined;
    if (approval === undefined) return refuse('unknown');
    return approval.bindings.tenant === tenant ? approval : refuse('other-tenant');
  }

  async function settle(
    aid: string,
    voter: Voter,
    plan: (approval: Approval) => Promise<Step | InboxRefusal>,
  ): Promise<InboxResult> {
    const settled = await settleAnswer(aid, voter, log, async () => {
      const approval = await open(aid, voter);
      return isRefusal(approval) ? approval : plan(approval);
    });
    return isRefusal(settled) ? settled : { ok: true, approval: viewOf(settled, redactor) };
  }

  async function isSeen(approval: Approval, voter: Voter): Promise<boolean> {
    return approval.hidden.length === 0 || seen.has(approval, voter);
  }

  async function approve(
    approval: Approval,
    voter: Voter,
    { grant }: InboxVote,
    vote: Vote,
  ): Promise<Step | InboxRefusal> {
    if (approval.state !== 'pending') return decided(approval.state);
    const refusal = unlessSame(approval, vote.digest) ?? whyNotApprove(approval, voter);
    if (refusal !== undefined) return refusal;
    // The field names are those of the arguments, which a store need not keep.
    const offer =
      grant === undefined
        ? undefined
        : unlessInvalid('not-grantable', () => readGrantOffer(grant, approval, approval.shown));
    if (offer !== undefined && isRefusal(offer)) return offer;
    if (!(await isSeen(approval, voter))) return refuse('unrevealed', approval.hidden.join(', '));
    const revealed = approval.hidden.length > 0;
    const full: Vote = Object.freeze({
      ...vote,
      revealed,
      ...(offer === undefined ? {} : { grant: offer }),
    });
    return {
      approval,
      action: 'approve',
      vote: full,
      take: () => ask(() => approvals.vote(approval.aid, full, approval.version)),
    };
  }

  function deny(approval: Approval, voter: Voter, vote: Vote): Step | InboxRefusal {
    const { aid, state, version } = approval;
    if (state !== 'pending' && state !== 'approved') return decided(state);
    const refusal = unlessSame(approval, vote.digest) ?? whyNotAnswer(approval, voter);
    if (refusal !== undefined) return refusal;
    return {
      approval,
      action: 'deny',
      vote,
      // Approved, and yet nothing has run: one denial denies.
      take: () =>
        ask(() =>
          state === 'approved' ? approvals.cancel(aid) : approvals.vote(aid, vote, version),
        ),
    };
  }

  return {
    async list(filter = {}) {
      return (await ask(() => approvals.list(filter))).map((approval) =>
        viewOf(approval, redactor),
      );
    },
    async show(aid) {
      const approval = (await ask(() => approvals.get(aid))) ?? undefined;
      return approval === undefined ? undefined : viewOf(approval, redactor);
    },
    async reveal(aid, by) {
      const voter = readVoter('reveal', by);
      const approval = await open(aid, voter);
      if (isRefusal(approval)) return approval;
      if (approval.state !== 'pending') return decided(approval.state);
      const refusal = whyNotAnswer(approval, voter);
      if (refusal !== undefined) return refusal;
      if (approval.args === undefined) return refuse('no-arguments');
      await log.revealed(approval, voter);
      seen.add(approval, voter);
      return { ok: true, args: withFields(approval.args, approval.edited?.fields) };
    },
    async vote(aid, given) {
      const voter = readVoter('vote', given.voter);
      const { verdict } = given;
      if (verdict !== 'approve' && verdict !== 'deny') {
        throw new GuardError('approval_invalid', 'an answer has to approve or to deny; ask again');
      }
      const note = readNote(given.note);
      if (isRefusal(note)) return note;
      const vote: Vote = Object.freeze({ verdict, ...ballotOf(given, voter), ...note });
      return settle(aid, voter, async (approval) =>
        verdict === 'approve' ? approve(approval, voter, given, vote) : deny(approval, voter, vote),
      );
    },
    async edit(aid, given) {
      const voter = readVoter('edit', given.voter);
      const note = readNote(given.note);
      if (isRefusal(note)) return note;
      const changed = readFields(given.fields);
      if (isRefusal(changed)) return changed;
      const typed = redactor.shown(changed.fields).hidden;
      const { digest, ...ballot } = ballotOf(given, voter);
      return settle(aid, voter, async (approval) => {
        if (approval.state !== 'pending') return decided(approval.state);
        const refusal = unlessSame(approval, digest) ?? whyNotEdit(approval, voter);
        if (refusal !== undefined) return refusal;
        const edit = unlessInvalid('not-editable', () =>
          editOf(approval, changed.fields, { ...ballot, ...note, revealed: true }, redactor),
        );
        if (isRefusal(edit)) return edit;
        const unseen = edit.hidden.filter((path) => !typed.includes(path));
        if (unseen.length > 0 && !(await isSeen(approval, voter))) {
          return refuse('unrevealed', unseen.join(', '));
        }
        return {
          approval,
          action: 'edited',
          vote: edit.vote,
          take: async () => {
            const result = await ask(() => approvals.edit(aid, edit, approval.version));
            if (result.ok) seen.add(result.approval, voter);
            return result;
          },
        };
      });
    },
    async grants(filter = {}) {
      return ask(() => approvals.grants?.list(filter) ?? []);
    },
    async revoke(gid, by) {
      const voter = readVoter('revoke', by);
      const grant = await ask(() => findGrant(approvals, gid));
      if (grant === undefined) return refuse('unknown');
      if (grant.tenant !== voter.tenant) return refuse('other-tenant');
      if (grant.revokedAt !== undefined) return { ok: true, grant };
      await log.revoked(grant, voter);
      const revoked = (await ask(() => approvals.grants?.revoke(gid))) ?? undefined;
      return revoked === undefined ? refuse('unknown') : { ok: true, grant: revoked };
    },
  };
}

function ballotOf(
  { channel, digest }: Pick<InboxVote, 'channel' | 'digest'>,
  { id, roles = [], tenant }: Voter,
): Pick<Vote, 'voter' | 'roles' | 'tenant' | 'channel' | 'digest'> {
  return {
    voter: id,
    roles,
    ...(tenant === undefined ? {} : { tenant }),
    channel,
    digest: digest as Digest, // compared before it counts
  };
}

function unlessSame({ bindings }: Approval, digest: string): InboxRefusal | undefined {
  return digest === bindings.digest ? undefined : refuse('changed');
}

function unlessInvalid<T>(
  reason: 'not-editable' | 'not-grantable',
  read: () => T,
): T | InboxRefusal {
  try {
    return read();
  } catch (error) {
    if (isGuardError(error) && error.code === 'approval_invalid') {
      return refuse(reason, error.message);
    }
    throw error;
  }
}

function withFields(args: unknown, fields: Readonly<Record<string, unknown>> = {}): unknown {
  if (Object.keys(fields).length === 0) return args;
  return Object.freeze({ ...(args as Readonly<Record<string, unknown>>), ...fields }); // only records have fields
}
