import { withGuard } from '@guardstile/ai-sdk';
import {
  type ApprovalInbox,
  approvalInbox,
  type InboxResult,
  sqliteApprovals,
  type Voter,
} from '@guardstile/approvals';
import {
  type Approval,
  type ApprovalStore,
  type CallContext,
  createGuard,
  type Guard,
  type GuardOptions,
  memoryAudit,
  type PolicyFunction,
} from '@guardstile/core';
import { tool, type ToolSet } from 'ai';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const ALICE: CallContext = { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' };
export const BOB: Voter = { id: 'bob', roles: ['finance'], tenant: 'acme' };

export const Payment = z.object({ to: z.string(), amount: z.number() });

/** Somebody of finance has to approve, and may change the amount. */
export const byFinance: PolicyFunction = () => ({
  effect: 'ask',
  rule: 'payments',
  reason: 'money',
  requirements: {
    votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }],
    editable: ['amount'],
    grants: ['session'],
  },
});

/** One server of several: a guard of its own over a connection of its own. */
export interface Server {
  readonly guard: Guard;
  readonly tools: ToolSet;
  /** On whose behalf a request is served. */
  toolsFor(context: CallContext): ToolSet;
}

/** Servers that share a file of approvals, and what their tools did. */
export interface Shop {
  /** What bodies were started with, on whichever server. */
  readonly runs: unknown[];
  readonly guards: readonly Guard[];
  connect(): ApprovalStore;
  start(options?: Partial<GuardOptions>, schema?: z.ZodType): Server;
  /** The approvals there are, oldest first. */
  approvals(): Promise<readonly Approval[]>;
  /** The newest open approval. */
  open(): Promise<Approval>;
  vote(approval: Approval, verdict: 'approve' | 'deny', voter?: Voter): Promise<InboxResult>;
  edit(approval: Approval, fields: Readonly<Record<string, unknown>>): Promise<InboxResult>;
  readonly inbox: ApprovalInbox;
  /** Lets time pass, for every connection. */
  pass(ms: number): void;
}

const KEY = new Uint8Array(32).fill(7);

export function shopAt(path: string): Shop {
  let now = Date.now();
  const runs: unknown[] = [];
  const guards: Guard[] = [];

  function connect(): ApprovalStore {
    const store = sqliteApprovals(path, { key: KEY, clock: () => now });
    onTestFinished(() => store.close());
    return store;
  }

  function start(options: Partial<GuardOptions> = {}, schema: z.ZodType = Payment): Server {
    const guard = createGuard({
      policy: byFinance,
      approvals: connect(),
      context: ALICE,
      ...options,
    });
    guards.push(guard);
    const pay = tool({
      description: 'Pays somebody',
      inputSchema: schema,
      execute: async (input) => {
        runs.push(input);
        return `paid ${JSON.stringify(input)}`;
      },
    });
    const toolsFor = (context: CallContext): ToolSet => withGuard({ pay }, guard.with(context));
    return { guard, tools: toolsFor({}), toolsFor };
  }

  const approvals = connect();
  const inbox = approvalInbox({ approvals, audit: memoryAudit() });
  return {
    runs,
    guards,
    connect,
    start,
    inbox,
    approvals: async () => approvals.list({}),
    async open() {
      const open = (await approvals.list({ state: 'pending' })).at(-1);
      if (open === undefined) throw new Error('nothing is open');
      return open;
    },
    vote: ({ aid, bindings }, verdict, voter = BOB) =>
      inbox.vote(aid, { voter, verdict, digest: bindings.digest, channel: 'web' }),
    edit: ({ aid, bindings }, fields) =>
      inbox.edit(aid, { voter: BOB, fields, digest: bindings.digest, channel: 'web' }),
    pass(ms) {
      now += ms;
    },
  };
}
