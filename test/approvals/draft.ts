import {
  type ApprovalBindings,
  type ApprovalDraft,
  type ApprovalEdit,
  digest,
  type EditedArgs,
  type GrantDraft,
  type Requirements,
  type Vote,
} from '@guardstile/core';

/** What the requester confirms. */
export const CONFIRM: Requirements = { votes: [{ kind: 'confirm' }], editable: [], grants: [] };

/** What two others have to agree to, one of them perhaps by role, and may change. */
export const TWO: Requirements = {
  votes: [{ kind: 'approvers', by: ['ben', 'cas', 'role:boss'], quorum: 2 }],
  editable: ['cents', 'note'],
  grants: [],
};

export const ARGS = {
  cents: 1,
  note: 'for lunch',
  big: 10n,
  since: new Date(7),
  nothing: undefined,
};
export const RIGHT = digest('args', ARGS);
export const WRONG = digest('args', { cents: 2 });

export const BINDINGS: ApprovalBindings = {
  tenant: 'acme',
  principal: 'ann',
  session: 's1',
  tool: { source: 'app', name: 'pay' },
  digest: RIGHT,
};

/** An approval as the guard asks for it; open for a second. */
export function draftOf(aid: string, more: Partial<ApprovalDraft> = {}): ApprovalDraft {
  return {
    aid,
    rid: `rid of ${aid}`,
    call: 'call_1',
    bindings: BINDINGS,
    args: ARGS,
    shown: { cents: 1, note: 'for lunch' },
    hidden: [],
    requirements: CONFIRM,
    reason: 'because',
    policy: digest('policy', 1),
    labels: ['untrusted'],
    expiresMs: 1000,
    ...more,
  };
}

export function voteOf(voter: string, more: Partial<Vote> = {}): Vote {
  return { verdict: 'approve', voter, channel: 'test', digest: RIGHT, ...more };
}

/** An edit of what was asked for, by one who approves what it makes of it. */
export function editBy(
  voter: string,
  fields: Readonly<Record<string, unknown>>,
  more: Partial<ApprovalEdit> = {},
): ApprovalEdit {
  const edited: EditedArgs = { of: RIGHT, fields };
  return {
    edited,
    shown: { ...(draftOf('').shown as object), ...fields },
    hidden: [],
    vote: voteOf(voter, { digest: digest('edited-args', edited), edited: fields }),
    ...more,
  };
}

export function grantOf(gid: string, more: Partial<GrantDraft> = {}): GrantDraft {
  return {
    gid,
    scope: 'always',
    tenant: 'acme',
    principal: 'ann',
    tool: BINDINGS.tool,
    rules: ['pay.small'],
    where: { cents: digest('value', 1) },
    shown: { cents: 1 },
    aid: 'a',
    votes: [voteOf('ben')],
    expiresMs: 1000,
    ...more,
  };
}
