import { AsyncLocalStorage } from 'node:async_hooks';
import { type CallContext, createGuard, recordDenials, withGuard } from '@guardstile/ai-sdk';
import { type ModelMessage, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { approve } from '../conformance/ai-sdk/conversation.ts';
import { versions } from '../conformance/ai-sdk/versions.ts';
import { asking } from './asking.ts';
import { talk } from './talk.ts';

const ALICE: CallContext = { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' };
const BOB: CallContext = { principal: { id: 'bob', tenant: 'acme' }, session: 'chat-1' };
const CALL = { id: 'call-1', tool: 'refund', args: { amount: 5 } };

function refunding(effect: 'allow' | 'ask') {
  const runs: unknown[] = [];
  const refund = tool({
    inputSchema: z.object({ amount: z.number() }),
    execute: async (input) => {
      runs.push(input);
      return 'refunded';
    },
  });
  const ambient = new AsyncLocalStorage<CallContext>();
  const guard = createGuard({ policy: () => effect, ambient });
  const codes = async () => {
    const denials = (await guard.audit?.query({ action: 'tool.deny' })) ?? [];
    return denials.map(({ code }) => code);
  };
  return { runs, refund, ambient, guard, codes };
}

/** The conversation in which a person denies what was asked. */
function deny(messages: readonly ModelMessage[]): ModelMessage[] {
  const text = JSON.stringify(approve(messages));
  return JSON.parse(text.replace('"approved":true', '"approved":false')) as ModelMessage[];
}

describe.each(versions)('on whose behalf $name calls a tool', (sdk) => {
  it('is told by the code around the run, where nobody was named', async () => {
    const { runs, refund, ambient, guard } = refunding('allow');
    const tools = withGuard({ refund }, guard);
    await ambient.run(BOB, () => talk(sdk, tools, [[CALL]]));
    expect(runs).toHaveLength(1);
    expect(await guard.audit?.query({ action: 'tool.allow' })).toMatchObject([
      { user: 'bob', tenant: 'acme', session: 'chat-1', call: 'call-1' },
    ]);
  });

  it('is nobody where the code around the run names another person than the tools do', async () => {
    const { runs, refund, ambient, guard, codes } = refunding('allow');
    const tools = withGuard({ refund }, guard.with(ALICE));
    const messages = await ambient.run(BOB, () => talk(sdk, tools, [[CALL]]));
    expect(JSON.stringify(messages)).toContain('the principal that was passed is not the one');
    expect(runs).toEqual([]);
    expect(await codes()).toEqual(['context_conflict']);
  });
});

describe.each(asking)("somebody else's approval with $name", ({ sdk, more }) => {
  it('runs nothing in the request of another person, and stays good for its own', async () => {
    const { runs, refund, ambient, guard, codes } = refunding('ask');
    const tools = withGuard({ refund }, guard);
    const go = (context: CallContext, messages: ModelMessage[]) =>
      ambient.run(context, () => talk(sdk, tools, [], messages, more(tools)));
    const asked = await ambient.run(ALICE, () =>
      talk(sdk, tools, [[CALL]], undefined, more(tools)),
    );
    await go(BOB, approve(asked));
    expect(runs).toEqual([]);
    expect(await codes()).toEqual(['approval_unknown']);
    await go(ALICE, approve(asked));
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it('is not denied by them either', async () => {
    const { runs, refund, guard } = refunding('ask');
    const [alices, bobs] = [ALICE, BOB].map((who) => withGuard({ refund }, guard.with(who)));
    const tools = alices ?? {};
    const asked = await talk(sdk, tools, [[CALL]], undefined, more(tools));
    await recordDenials(bobs ?? {}, deny(asked));
    await talk(sdk, tools, [], approve(asked), more(tools));
    expect(runs).toEqual([{ amount: 5 }]);
  });
});

describe.each(asking)('a denial and an approval of the same call with $name', ({ sdk, more }) => {
  it('at the same moment are one of the two', async () => {
    const { runs, refund, guard } = refunding('ask');
    const tools = withGuard({ refund }, guard.with(ALICE));
    const asked = await talk(sdk, tools, [[CALL]], undefined, more(tools));
    await Promise.all([
      recordDenials(tools, deny(asked)),
      talk(sdk, tools, [], approve(asked), more(tools)),
      talk(sdk, tools, [], approve(asked), more(tools)),
    ]);
    const votes = (await guard.audit?.query({ action: 'approval.deny' })) ?? [];
    expect(runs.length + votes.length).toBe(1);
  });

  it('is final once it is denied', async () => {
    const { runs, refund, guard, codes } = refunding('ask');
    const tools = withGuard({ refund }, guard.with(ALICE));
    const asked = await talk(sdk, tools, [[CALL]], undefined, more(tools));
    await recordDenials(tools, deny(asked));
    await talk(sdk, tools, [], approve(asked), more(tools));
    expect(runs).toEqual([]);
    expect(await codes()).toEqual(['approval_denied']);
  });
});
