import {
  type Approval,
  type ApprovalDraft,
  type ApprovalStore,
  createRedactor,
  digest,
  type Requirements,
} from '@guardstile/core';

/** Two people of finance, of whom both must agree; notes and amounts may be changed. */
export const FINANCE: Requirements = {
  votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 2 }],
  editable: ['amount', 'note'],
  grants: ['session', 'always'],
  rules: ['refund.large'],
};

let counter = 0;

/** An approval in the store, as a guard would open it. */
export async function approvalFor(
  approvals: ApprovalStore,
  args: unknown = { orderId: 'o1', amount: 900 },
  more: Partial<ApprovalDraft> = {},
): Promise<Approval> {
  counter += 1;
  const { value: shown, hidden } = createRedactor().shown(args);
  const draft: ApprovalDraft = {
    aid: `aid_${counter}`,
    rid: `rid_${counter}`,
    call: `call_${counter}`,
    bindings: {
      tenant: 'acme',
      principal: 'alice',
      session: 's1',
      tool: { source: 'app', name: 'refund' },
      digest: digest('args', args),
    },
    args,
    shown,
    hidden,
    requirements: FINANCE,
    reason: 'refunds over 500 need two of finance',
    rule: 'refund.large',
    policy: digest('policy', 1),
    labels: [],
    expiresMs: 60_000,
    ...more,
  };
  return approvals.create(draft, draft.aid);
}
