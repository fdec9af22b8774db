import {
  type Approval,
  type AuditDraft,
  type AuditLog,
  type Grant,
  GuardError,
  type Redactor,
  type Vote,
} from '@guardstile/core';

import { messageOf } from '../message-of.ts';
import type { InboxRefusalReason } from './inbox-refusal.ts';
import type { Voter } from './voter.ts';

/** Writes down what people do, before it counts. */
export interface InboxLog {
  vote(approval: Approval, action: 'approve' | 'deny' | 'edited', vote: Vote): Promise<void>;
  /** What was written down did not count after all. */
  notCounted(aid: string, voter: Voter, reason: InboxRefusalReason): Promise<void>;
  revealed(approval: Approval, voter: Voter): Promise<void>;
  revoked(grant: Grant, voter: Voter): Promise<void>;
}

/** @throws {GuardError} `audit_error`, and nothing counts. */
export function inboxLog(audit: AuditLog | undefined, redactor: Redactor): InboxLog {
  async function append(draft: AuditDraft): Promise<void> {
    if (audit === undefined) return;
    try {
      await audit.append(draft);
    } catch (cause) {
      throw new GuardError(
        'audit_error',
        `the audit log "${audit.name}" did not take the entry (${messageOf(cause)}), and nothing counts unrecorded; mend the log and answer again`,
        { cause },
      );
    }
  }

  return {
    vote: (approval, action, vote) =>
      append({
        ...about(approval),
        action: `approval.${action}`,
        actor: vote.voter ?? 'requester',
        digest: vote.digest,
        votes: [redactor.stored(vote)],
        ...(action === 'edited' ? { payload: { of: approval.bindings.digest } } : {}),
      }),
    notCounted: (aid, { id: actor, tenant }, reason) =>
      append({
        kind: 'approval',
        action: 'approval.not-counted',
        actor,
        aid,
        ...(tenant === undefined ? {} : { tenant }),
        reason,
      }),
    revealed: (approval, voter) =>
      append({
        ...about(approval),
        action: 'approval.revealed',
        actor: voter.id,
        digest: approval.bindings.digest,
        payload: { hidden: approval.hidden },
      }),
    revoked: (grant, voter) =>
      append({
        kind: 'approval',
        action: 'grant.revoked',
        actor: voter.id,
        aid: grant.aid,
        source: grant.tool.source,
        tool: grant.tool.name,
        ...who(grant),
        payload: { gid: grant.gid },
      }),
  };
}

type Who = Pick<Grant, 'principal' | 'tenant' | 'session' | 'agent'>;

function about({ aid, rid, call, bindings }: Approval): Omit<AuditDraft, 'action' | 'actor'> {
  const { source, name, digest: toolDigest } = bindings.tool;
  return {
    kind: 'approval',
    rid,
    aid,
    call,
    source,
    tool: name,
    ...(toolDigest === undefined ? {} : { toolDigest }),
    ...who(bindings),
  };
}

function who({ principal, tenant, session, agent }: Who): Partial<AuditDraft> {
  return {
    ...(principal === undefined ? {} : { user: principal }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(session === undefined ? {} : { session }),
    ...(agent === undefined ? {} : { agent }),
  };
}
