import {
  allowAll,
  createGuard,
  type GuardOptions,
  memoryApprovals,
  toolPolicy,
} from '@guardstile/core';
import { streamText, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  answer,
  approve,
  converse,
  resume,
  tamper,
} from '../../../test/conformance/ai-sdk/conversation.ts';
import { scriptedModel } from '../../../test/conformance/ai-sdk/scripted-model.ts';
import { withGuard } from './index.ts';

const ALICE = { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' };
const CALLS = [{ id: 'call-1', tool: 'refund', args: { amount: 5 } }];
const Amount = z.object({ amount: z.number() });

/** A refund tool behind a guard that asks, and what its body was given. */
function asking(options: Partial<GuardOptions> = {}) {
  const runs: unknown[] = [];
  const refund = tool({
    inputSchema: Amount,
    execute: async (input) => {
      runs.push(input);
      return `refunded ${input.amount}`;
    },
  });
  const guard = createGuard({ policy: () => 'ask', context: ALICE, ...options });
  return { runs, guard, refund, tools: withGuard({ refund }, guard) };
}

describe('an approval that the SDK asks for', () => {
  it('runs the call once', async () => {
    const { runs, tools } = asking();
    const messages = await converse(tools, CALLS);
    expect(runs).toEqual([]);
    expect(await resume(tools, approve(messages))).toContain('refunded 5');
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('runs the call once in a stream too', async () => {
    const { runs, tools } = asking();
    const messages = approve(await converse(tools, CALLS));
    for (let turn = 0; turn < 2; turn += 1) {
      await streamText({ model: scriptedModel([]), tools, messages }).consumeStream();
    }
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('survives the way to the client and back', async () => {
    const { runs, tools } = asking();
    const messages = approve(await converse(tools, CALLS));
    await resume(
      tools,
      tamper(messages, (text) => text),
    );
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('is used up by the first of many replays', async () => {
    const { runs, guard, tools } = asking();
    const messages = approve(await converse(tools, CALLS));
    await resume(tools, messages);
    expect(await resume(tools, messages)).toContain('used already');
    expect(await resume(tools, messages)).toContain('used already');
    expect(runs).toHaveLength(1);
    expect(await guard.audit?.query({ action: 'approval.approve' })).toHaveLength(1);
  });

  it('runs the call once when two requests answer it at the same moment', async () => {
    const { runs, tools } = asking({ policy: async () => 'ask' as const });
    const messages = approve(await converse(tools, CALLS));
    await Promise.all([resume(tools, messages), resume(tools, messages)]);
    expect(runs).toHaveLength(1);
  });

  it('is used up by a body that fails', async () => {
    let runs = 0;
    const refund = tool({
      inputSchema: Amount,
      execute: (): string => {
        runs += 1;
        throw new Error('the bank is closed');
      },
    });
    const tools = withGuard({ refund }, () => 'ask');
    const messages = approve(await converse(tools, CALLS));
    expect(await resume(tools, messages)).toContain('the bank is closed');
    expect(await resume(tools, messages)).toContain('used already');
    expect(runs).toBe(1);
  });

  it('runs nothing when it is denied', async () => {
    const { runs, tools } = asking();
    const messages = await converse(tools, CALLS);
    await resume(
      tools,
      answer(messages, () => false),
    );
    expect(runs).toEqual([]);
  });

  it('is opened once however often it is asked whether it is needed', async () => {
    const { guard, tools } = asking();
    await converse(tools, CALLS);
    await converse(tools, CALLS);
    expect(await guard.audit?.query({ action: 'tool.ask' })).toHaveLength(1);
  });

  it('expires', async () => {
    let now = Date.now();
    const approvals = memoryApprovals({ clock: () => now });
    const { runs, tools } = asking({ approvals, approvalExpiresMs: 60_000 });
    const messages = approve(await converse(tools, CALLS));
    now += 60_001;
    expect(await resume(tools, messages)).toContain('expired');
    expect(runs).toEqual([]);
  });

  it('is answered call by call', async () => {
    const { runs, tools } = asking();
    const messages = await converse(
      tools,
      [1, 2].map((amount) => ({ id: `call-${amount}`, tool: 'refund', args: { amount } })),
    );
    await resume(
      tools,
      answer(messages, (id) => id === 'call-2'),
    );
    expect(runs).toEqual([{ amount: 2 }]);
  });

  it("works beside the SDK's own signatures", async () => {
    const { runs, tools } = asking();
    const settings = { experimental_toolApprovalSecret: 'a secret of at least 32 characters' };
    const messages = approve(await converse(tools, CALLS, settings));
    await resume(tools, messages, settings);
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('streams what it let run', async () => {
    const refund = tool({
      inputSchema: Amount,
      async *execute() {
        yield 'counting';
        yield 'counted';
      },
    });
    const tools = withGuard({ refund }, () => 'ask');
    const messages = approve(await converse(tools, CALLS));
    const outputs: unknown[] = [];
    for await (const part of streamText({ model: scriptedModel([]), tools, messages }).stream) {
      if (part.type === 'tool-result') outputs.push([part.preliminary === true, part.output]);
    }
    expect(outputs).toEqual([
      [true, 'counting'],
      [true, 'counted'],
      [false, 'counted'],
    ]);
  });

  it('is asked for when a checking hook asks about a tool that the policy allows outright', async () => {
    const { runs, tools } = asking({ policy: allowAll(), hooks: { preTool: () => 'ask' } });
    await resume(tools, approve(await converse(tools, CALLS)));
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('is not asked for where the policy fails for the whole tool', async () => {
    const runs: unknown[] = [];
    const refund = tool({ inputSchema: Amount, execute: (input) => runs.push(input) });
    const tools = withGuard(
      { refund },
      {
        name: 'without a digest',
        layer: 'grants',
        digest: () => {
          throw new Error('the rules are gone');
        },
        resolve: () => () => undefined,
      },
    );
    expect(JSON.stringify(await converse(tools, CALLS))).toContain('the rules are gone');
    expect(runs).toEqual([]);
  });
});

describe('two guards around one tool', () => {
  it('both have to have their approval', async () => {
    const inner = asking();
    const outer = createGuard({ policy: () => 'ask', context: ALICE });
    const tools = withGuard(inner.tools, outer);
    const messages = approve(await converse(tools, CALLS));
    expect(await resume(tools, messages)).toContain('refunded 5');
    expect(await resume(tools, messages)).toContain('used already');
    expect(inner.runs).toHaveLength(1);
    for (const guard of [inner.guard, outer]) {
      expect(await guard.audit?.query({ action: 'approval.approve' })).toHaveLength(1);
    }
  });

  const outer: ReadonlyArray<[string, GuardOptions]> = [
    ['allows', { policy: () => 'allow' }],
    ['allows outright', { policy: allowAll() }],
    ['asks somebody here', { policy: () => 'ask', approver: () => 'approve' }],
  ];

  it.each(outer)(
    'leave it to the SDK to ask for the inner one where the outer one %s',
    async (_, options) => {
      const inner = asking();
      const tools = withGuard(inner.tools, createGuard(options));
      const messages = approve(await converse(tools, CALLS));
      expect(inner.runs).toEqual([]);
      expect(await resume(tools, messages)).toContain('refunded 5');
      expect(inner.runs).toHaveLength(1);
    },
  );

  it('both have to have their approval when the outer one is bound to a request of its own', async () => {
    const inner = asking();
    const other = createGuard({ policy: () => 'ask' });
    const bound = () => withGuard(withGuard(inner.tools, other), other.with(ALICE));
    const messages = approve(await converse(bound(), CALLS));
    expect(await resume(bound(), messages)).toContain('refunded 5');
    expect(inner.runs).toHaveLength(1);
  });

  it('ask nobody where the outer one denies whatever the arguments', async () => {
    const inner = asking();
    const tools = withGuard(inner.tools, toolPolicy({ deny: ['refund'] }));
    expect(JSON.stringify(await converse(tools, CALLS))).toContain('deny list');
    expect(inner.runs).toEqual([]);
  });
});
