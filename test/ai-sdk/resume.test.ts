import {
  createGuard,
  guardOf,
  type GuardOptions,
  memoryApprovals,
  withGuard,
} from '@guardstile/ai-sdk';
import { tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { approve, forge, tamper } from '../conformance/ai-sdk/conversation.ts';
import { unansweredIn } from '../conformance/ai-sdk/read-messages.ts';
import { v5 } from '../conformance/ai-sdk/v5.ts';
import { asking } from './asking.ts';
import { talk } from './talk.ts';

const ALICE = { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' };
const CALL = { id: 'call-1', tool: 'refund', args: { amount: 5 } };

function refunding(options: Partial<GuardOptions> = {}, own: { needsApproval?: unknown } = {}) {
  const runs: unknown[] = [];
  const refund = tool({
    inputSchema: z.object({ amount: z.number() }),
    ...(own as object),
    execute: async (input) => {
      runs.push(input);
      return `refunded ${input.amount}`;
    },
  });
  const guard = createGuard({ policy: () => 'ask', context: ALICE, ...options });
  return { runs, guard, refund, tools: withGuard({ refund }, guard) };
}

async function actionsOf(tools: ToolSet): Promise<readonly string[]> {
  const entries = (await guardOf(tools).audit?.query({})) ?? [];
  return entries.map(({ action }) => action).filter((action) => action !== 'log.opened');
}

describe.each(asking)('an approval asked for by $name', ({ sdk, more }) => {
  it.each(['ask', 'allow'] as const)(
    'runs the call once when it is resumed, though the policy may allow by now: %s',
    async (now) => {
      let effect: 'ask' | 'allow' = 'ask';
      const { runs, tools } = refunding({ policy: () => effect });
      const messages = approve(await talk(sdk, tools, [[CALL]], undefined, more(tools)));
      expect(runs).toEqual([]);
      effect = now;
      const after = await talk(sdk, tools, [], messages, more(tools));
      expect(JSON.stringify(after)).toContain('refunded 5');
      for (const _ of [1, 2]) await talk(sdk, tools, [], messages, more(tools));
      expect(runs).toEqual([{ amount: 5 }]);
      expect((await actionsOf(tools)).slice(0, 4)).toEqual([
        'tool.ask',
        'approval.approve',
        'tool.allow',
        'tool.outcome',
      ]);
    },
  );

  it('is written down with the ids of the SDK, although the call is in no step', async () => {
    const { guard, tools } = refunding();
    const messages = approve(await talk(sdk, tools, [[CALL]], undefined, more(tools)));
    await talk(sdk, tools, [], messages, more(tools));
    const entries = (await guard.audit?.query({ action: 'tool.allow' })) ?? [];
    expect(entries).toMatchObject([
      { call: 'call-1', tool: 'refund', user: 'alice', tenant: 'acme', session: 'chat-1' },
    ]);
  });

  it('stays refused once the policy denies', async () => {
    let effect: 'ask' | 'deny' = 'ask';
    const { runs, tools } = refunding({ policy: () => ({ effect, reason: 'closed by now' }) });
    const messages = approve(await talk(sdk, tools, [[CALL]], undefined, more(tools)));
    effect = 'deny';
    const after = await talk(sdk, tools, [], messages, more(tools));
    expect(JSON.stringify(after)).toContain('closed by now');
    expect(runs).toEqual([]);
    expect((await actionsOf(tools)).at(-1)).toBe('tool.deny');
  });

  it.each([
    ['asks', 'ask'],
    ['allows', 'allow'],
    ['denies', 'deny'],
  ] as const)(
    'is not made up by a history that claims one, where the policy %s, and the log says so',
    async (_, effect) => {
      const { runs, tools } = refunding({ policy: () => effect });
      for (const again of [1, 2]) {
        const after = await talk(sdk, tools, [], forge(CALL), more(tools));
        expect(unansweredIn(after.slice(3)).size, `attempt ${again}`).toBe(0);
      }
      expect(runs).toEqual([]);
      expect(await actionsOf(tools)).toEqual(['tool.deny', 'tool.deny']);
    },
  );

  it("is not made up for a tool's own needsApproval either", async () => {
    const { runs, tools } = refunding({ policy: () => 'allow' }, { needsApproval: true });
    await talk(sdk, tools, [], forge(CALL), more(tools));
    expect(runs).toEqual([]);
    const messages = approve(await talk(sdk, tools, [[CALL]], undefined, more(tools)));
    await talk(sdk, tools, [], messages, more(tools));
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('is not one for other arguments, which leave it as it is', async () => {
    const { runs, tools } = refunding();
    const messages = approve(await talk(sdk, tools, [[CALL]], undefined, more(tools)));
    const other = tamper(messages, (text) => text.replaceAll('"amount":5', '"amount":50'));
    await talk(sdk, tools, [], other, more(tools));
    expect(runs).toEqual([]);
    await talk(sdk, tools, [], messages, more(tools));
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('cannot be resumed by a guard of another server, which says what to do', async () => {
    const [one, other] = [refunding(), refunding()];
    const messages = approve(await talk(sdk, one.tools, [[CALL]], undefined, more(one.tools)));
    await talk(sdk, other.tools, [], messages, more(other.tools));
    expect([one.runs, other.runs]).toEqual([[], []]);
    const [entry] = (await other.guard.audit?.query({ action: 'tool.deny' })) ?? [];
    expect(entry).toMatchObject({ code: 'approval_unknown' });
    expect(entry?.reason).toContain('create the guard once or share an approval store');
  });

  it('is resumed by another server that shares its store', async () => {
    const approvals = memoryApprovals();
    const [one, other] = [refunding({ approvals }), refunding({ approvals })];
    const messages = approve(await talk(sdk, one.tools, [[CALL]], undefined, more(one.tools)));
    await talk(sdk, other.tools, [], messages, more(other.tools));
    await talk(sdk, one.tools, [], messages, more(one.tools));
    expect([one.runs, other.runs]).toEqual([[], [{ amount: 5 }]]);
  });

  it('is asked anew for a call whose id was used before, if the arguments differ', async () => {
    const { runs, tools } = refunding();
    const asked = await talk(sdk, tools, [[CALL]], undefined, more(tools));
    const again = { ...CALL, args: { amount: 7 } };
    const then = await talk(sdk, tools, [[again]], approve(asked), more(tools));
    expect(unansweredIn(then).size).toBe(1);
    await talk(sdk, tools, [], approve(then), more(tools));
    expect(runs).toEqual([{ amount: 5 }, { amount: 7 }]);
  });

  it('is refused for the same call again under the same id', async () => {
    const { runs, tools } = refunding();
    const asked = await talk(sdk, tools, [[CALL]], undefined, more(tools));
    const then = await talk(sdk, tools, [[CALL]], approve(asked), more(tools));
    await talk(sdk, tools, [], approve(then), more(tools));
    expect(runs).toEqual([{ amount: 5 }]);
  });
});

describe('ai 5, which cannot ask', () => {
  it('is denied what the policy asks, and the run goes on', async () => {
    const { runs, tools } = refunding();
    const messages = await talk(v5, tools, [[CALL]]);
    expect(JSON.stringify(messages)).toContain('nobody can be asked here');
    expect(messages.at(-1)?.role).toBe('assistant');
    expect(runs).toEqual([]);
    expect(await actionsOf(tools)).toEqual(['tool.deny']);
  });

  it("is denied what the tool's own needsApproval asks, which this version does not know", async () => {
    const { runs, tools } = refunding({ policy: () => 'allow' }, { needsApproval: true });
    expect(JSON.stringify(await talk(v5, tools, [[CALL]]))).toContain('nobody can be asked here');
    expect(runs).toEqual([]);
  });

  it('runs what an approver in this process approves', async () => {
    const { runs, tools } = refunding({ approver: () => 'approve' });
    expect(JSON.stringify(await talk(v5, tools, [[CALL]]))).toContain('refunded 5');
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('runs nothing that a history claims', async () => {
    const { runs, tools } = refunding({ policy: () => 'allow' });
    await Promise.allSettled([talk(v5, tools, [], forge(CALL))]);
    expect(runs).toEqual([]);
  });
});
