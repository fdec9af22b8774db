import { approvalInbox, type InboxResult, type Voter } from '@guardstile/approvals';
import {
  type Approval,
  type ApprovalStore,
  createGuard,
  type Guard,
  type GuardOptions,
  memoryApprovals,
  memoryAudit,
  type PolicyFunction,
  type Requirements,
} from '@guardstile/core';
import { MemorySaver } from '@langchain/langgraph';

import { agentWith, type Setup } from './agents.ts';

/** Somebody of finance has to approve, and may change what is paid. */
export const byFinance =
  (more: Partial<Requirements> = {}): PolicyFunction =>
  ({ tool: { name } }) =>
    name !== 'pay'
      ? 'allow'
      : {
          effect: 'ask',
          rule: 'payments',
          reason: 'money',
          requirements: {
            votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }],
            editable: ['x'],
            grants: ['session'],
            ...more,
          },
        };

const BOB: Voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };

/** Agents that share stores, each turn in another guard, and somebody who answers past them. */
export function finance(options: Partial<GuardOptions> = {}) {
  let now = Date.now();
  const approvals: ApprovalStore = memoryApprovals({ clock: () => now });
  const checkpointer = new MemorySaver();
  const inbox = approvalInbox({ approvals, audit: memoryAudit() });

  function guard(): Guard {
    return createGuard({
      policy: byFinance(),
      approvals,
      context: { principal: { id: 'alice', tenant: 'acme' } },
      ...options,
    });
  }

  return {
    approvals,
    guard,
    agent: (setup: Setup) =>
      agentWith({ wrapped: true, restart: () => ({ guard: guard(), checkpointer }), ...setup }),
    async open(): Promise<Approval> {
      const open = (await approvals.list({ state: 'pending' })).at(-1);
      if (open === undefined) throw new Error('nothing is open');
      return open;
    },
    vote: (
      { aid, bindings: { digest } }: Approval,
      verdict: 'approve' | 'deny',
      more: object = {},
    ): Promise<InboxResult> =>
      inbox.vote(aid, { voter: BOB, verdict, digest, channel: 'web', ...more }),
    edit: ({ aid, bindings: { digest } }: Approval, x: string): Promise<InboxResult> =>
      inbox.edit(aid, { voter: BOB, fields: { x }, digest, channel: 'web' }),
    pass(ms: number) {
      now += ms;
    },
  };
}
