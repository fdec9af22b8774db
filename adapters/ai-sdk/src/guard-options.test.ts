import {
  allowAll,
  createGuard,
  type GuardOptions,
  type PolicyFunction,
  standardPolicy,
  toolPolicy,
} from '@guardstile/core';
import {
  generateText,
  isStepCount,
  type ModelMessage,
  streamText,
  tool,
  ToolLoopAgent,
  toolSearch,
  type ToolSet,
} from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ScriptedCall } from '../../../test/conformance/adapter/harness.ts';
import {
  approve,
  converse,
  forge,
  resume,
  USER,
} from '../../../test/conformance/ai-sdk/conversation.ts';
import { unansweredIn } from '../../../test/conformance/ai-sdk/read-messages.ts';
import { scriptedModel } from '../../../test/conformance/ai-sdk/scripted-model.ts';
import { withGuard } from './index.ts';
import { type GuardedOptions, guardOptions } from './v7.ts';

const ALICE = { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' };
const inputSchema = z.object({ amount: z.number() });
const ALLOW: PolicyFunction = () => 'allow';
const ASK: PolicyFunction = () => 'ask';
const DENY: PolicyFunction = () => 'deny';
const CALL: ScriptedCall = { id: 'call-1', tool: 'refund', args: { amount: 5 } };

function refunding(own: { needsApproval?: unknown } = {}) {
  const runs: unknown[] = [];
  const refund = tool({
    inputSchema,
    ...(own as object),
    execute: async (input) => {
      runs.push(input);
      return `refunded ${input.amount}`;
    },
  });
  return { runs, refund };
}

function guarded(options: Partial<GuardOptions> = {}, own: { needsApproval?: unknown } = {}) {
  const { runs, refund } = refunding(own);
  const guard = createGuard({ policy: ASK, context: ALICE, ...options });
  return { runs, refund, guard, tools: withGuard({ refund }, guard) };
}

/** One conversation with everything that guardOptions() gives. */
async function ask(given: object, call = CALL): Promise<ModelMessage[]> {
  const { tools, ...settings } = given as GuardedOptions<ToolSet, string>;
  return converse(tools, [call], settings);
}

async function goOn(given: object, messages: ModelMessage[]): Promise<string> {
  const { tools, ...settings } = given as GuardedOptions<ToolSet, string>;
  return resume(tools, messages, settings);
}

const text = (messages: readonly ModelMessage[]): string => JSON.stringify(messages);
const denied = (reason: string): string => JSON.stringify({ type: 'execution-denied', reason });

describe('guardOptions() gives', () => {
  it('the guarded tools and an approval, and hides nothing without a reason', () => {
    const { tools } = guarded();
    expect(Object.keys(guardOptions(tools))).toEqual(['tools', 'toolApproval']);
  });

  it('the same for a set, for a set and its guard, and for tools that nobody has guarded', async () => {
    const { runs, refund, guard, tools } = guarded();
    const ways = [
      guardOptions(tools),
      guardOptions(tools, guard),
      guardOptions(tools, { guard }),
      guardOptions({ refund }, guard),
    ];
    for (const [at, options] of ways.entries()) {
      const call = { ...CALL, id: `call-${at}` };
      expect(unansweredIn(await ask(options, call)).size).toBe(1);
      const direct = { toolCallId: 'direct', messages: [], context: {} };
      const run = Promise.resolve(options.tools.refund.execute?.({ amount: 5 }, direct));
      await expect(run).rejects.toMatchObject({ code: 'approval_required' });
    }
    expect(runs).toEqual([]);
  });

  it('a coded error without a guard', () => {
    const { refund, tools } = guarded();
    expect(() => guardOptions({ refund })).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
    expect(() => guardOptions({ ...tools })).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
    expect(() => guardOptions(tools, { guard: {} as never })).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });

  it('what was said of the tools when they were wrapped', async () => {
    const { refund } = refunding();
    const confirm = tool({ inputSchema });
    const guard = createGuard({ policy: standardPolicy({ mode: 'readOnly' }) });
    const facts = { refund: 'readOnly', confirm: 'readOnly' } as const;
    const tools = withGuard({ refund, confirm }, guard, { facts });
    expect(text(await ask(guardOptions(tools)))).toContain('refunded 5');
    expect(guardOptions(tools).activeTools).toBeUndefined();
    expect(guardOptions({ refund, confirm }, guard).activeTools).toEqual([]);
  });
});

describe('a denial of guardOptions()', () => {
  const ways: ReadonlyArray<[string, (given: object) => Promise<readonly ModelMessage[]>]> = [
    ['generateText', ask],
    [
      'streamText',
      async (given) => {
        const model = scriptedModel([[CALL]]);
        const settings = { ...given, model, messages: [USER], stopWhen: isStepCount(3) };
        return streamText(settings as Parameters<typeof streamText>[0]).responseMessages;
      },
    ],
    [
      'ToolLoopAgent',
      async (given) => {
        const agent = new ToolLoopAgent({ ...given, model: scriptedModel([[CALL]]) });
        return (await agent.generate({ messages: [USER] })).responseMessages;
      },
    ],
  ];

  it.each(ways)('reaches the model with its reason, and the run goes on: %s', async (_, run) => {
    const { runs, guard, tools } = guarded({
      policy: () => ({ effect: 'deny', reason: 'the till is closed' }),
    });
    const messages = await run(guardOptions(tools));
    expect(text(messages)).toContain(denied('the till is closed'));
    expect(text(messages)).toContain('done');
    expect(runs).toEqual([]);
    const entries = await guard.audit?.query({ action: 'tool.deny' });
    expect(entries).toMatchObject([{ call: 'call-1', tool: 'refund', code: 'denied' }]);
  });

  const failing: ReadonlyArray<[string, Partial<GuardOptions>]> = [
    [
      'a policy that throws',
      {
        policy: () => {
          throw new Error('it broke');
        },
      },
    ],
    ['a policy that rejects', { policy: () => Promise.reject(new Error('it broke')) }],
    ['a policy that answers nonsense', { policy: (() => 'it broke') as unknown as PolicyFunction }],
    [
      'a hook that throws',
      {
        policy: allowAll(),
        hooks: {
          preTool: () => {
            throw new Error('it broke');
          },
        },
      },
    ],
    [
      'a hook that rejects',
      { policy: allowAll(), hooks: { preTool: async () => Promise.reject(new Error('it broke')) } },
    ],
  ];

  it.each(failing)('is what comes of %s; the run goes on', async (_, options) => {
    const { runs, guard, tools } = guarded(options);
    const messages = await ask(guardOptions(tools));
    expect(text(messages)).toContain('execution-denied');
    expect(text(messages)).toContain('done');
    expect(runs).toEqual([]);
    expect(await guard.audit?.query({ action: 'tool.deny' })).toHaveLength(1);
  });

  it('comes of a closed guard too', async () => {
    const { runs, guard, tools } = guarded({ policy: allowAll() });
    const options = guardOptions(tools);
    await guard.close();
    expect(text(await ask(options))).toContain('the guard was closed');
    expect(runs).toEqual([]);
  });

  it('is given by a guard with an approver too, which is not asked then', async () => {
    const asked: unknown[] = [];
    const { runs, guard, tools } = guarded({
      policy: ({ args }) => ((args as { amount: number }).amount > 4 ? 'deny' : 'ask'),
      approver: (request) => {
        asked.push(request.args);
        return 'approve';
      },
    });
    expect(text(await ask(guardOptions(tools)))).toContain('execution-denied');
    expect([runs, asked]).toEqual([[], []]);
    expect(await guard.audit?.query({ action: 'tool.deny' })).toHaveLength(1);
    const small = { ...CALL, id: 'call-2', args: { amount: 1 } };
    expect(text(await ask(guardOptions(tools), small))).toContain('refunded 1');
    expect(asked).toEqual([{ amount: 1 }]);
  });

  it('is enforced by execute when the caller switches it off', async () => {
    const { runs, tools } = guarded({ policy: DENY });
    const given = guardOptions(tools);
    for (const toolApproval of [
      undefined,
      () => undefined,
      () => 'approved',
      { refund: 'approved' },
    ]) {
      expect(text(await ask({ ...given, toolApproval }))).toContain('denied');
    }
    expect(runs).toEqual([]);
  });
});

describe('an ask of guardOptions()', () => {
  it('shows its reason, runs the call once when it is approved, and is used up', async () => {
    const { runs, guard, tools } = guarded({
      policy: () => ({ effect: 'ask', reason: 'money leaves the house' }),
    });
    const options = guardOptions(tools);
    const messages = await ask(options);
    expect(text(messages)).toContain('"reason":"money leaves the house"');
    expect(runs).toEqual([]);
    expect(await goOn(options, approve(messages))).toContain('refunded 5');
    expect(await goOn(options, approve(messages))).toContain('used already');
    expect(runs).toEqual([{ amount: 5 }]);
    const actions = (await guard.audit?.query({})) ?? [];
    expect(actions.map(({ action }) => action).filter((action) => action !== 'log.opened')).toEqual(
      ['tool.ask', 'approval.approve', 'tool.allow', 'tool.outcome', 'tool.deny'],
    );
  });

  it('is resumed by options that were made for another request', async () => {
    const { runs, refund, guard } = guarded();
    const forRequest = () => guardOptions({ refund }, guard.with({ session: 'chat-1' }));
    const messages = approve(await ask(forRequest()));
    expect(await goOn(forRequest(), messages)).toContain('refunded 5');
    expect(runs).toHaveLength(1);
  });

  it('is resumed without guardOptions() as well, and the other way round', async () => {
    const { runs, tools } = guarded();
    const options = guardOptions(tools);
    await resume(tools, approve(await ask(options)));
    await goOn(options, approve(await converse(tools, [{ ...CALL, id: 'call-2' }])));
    expect(runs).toHaveLength(2);
  });

  it('stays refused once the policy denies, natively and with the reason', async () => {
    let effect: 'ask' | 'deny' = 'ask';
    const { runs, guard, tools } = guarded({ policy: () => ({ effect, reason: 'closed by now' }) });
    const options = guardOptions(tools);
    const messages = approve(await ask(options));
    effect = 'deny';
    expect(await goOn(options, messages)).toContain(denied('closed by now'));
    expect(runs).toEqual([]);
    expect(await guard.audit?.query({ action: 'tool.deny' })).toHaveLength(1);
  });

  it('runs once although the policy allows by now', async () => {
    let effect: 'ask' | 'allow' = 'ask';
    const { runs, tools } = guarded({ policy: () => effect });
    const options = guardOptions(tools);
    const messages = approve(await ask(options));
    effect = 'allow';
    expect(await goOn(options, messages)).toContain('refunded 5');
    expect(await goOn(options, messages)).toContain('used already');
    expect(runs).toHaveLength(1);
  });

  it('evaluates nothing with side effects: one ask, however often the SDK wants to know', async () => {
    const { guard, tools } = guarded();
    const { toolApproval } = guardOptions(tools);
    const toolCall = { toolName: 'refund', toolCallId: 'call-1', input: { amount: 5 } };
    for (const _ of [1, 2, 3]) {
      expect(await toolApproval({ toolCall, messages: [] })).toMatchObject({
        type: 'user-approval',
      });
    }
    expect(await guard.audit?.query({ action: 'tool.ask' })).toHaveLength(1);
  });
});

describe('a forged approval runs nothing with guardOptions()', () => {
  const policies: ReadonlyArray<[string, GuardOptions['policy']]> = [
    ['asks', ASK],
    ['allows', ALLOW],
    ['allows everything', allowAll()],
    ['denies', DENY],
    ['denies the tool', toolPolicy({ deny: ['refund'] })],
  ];
  const settings: ReadonlyArray<[string, object]> = [
    ['nothing else', {}],
    ['no active tools', { activeTools: [] }],
    ['no tool choice', { toolChoice: 'none' }],
    ['an approval of the caller', { toolApproval: () => undefined }],
    ['an approval per tool', { toolApproval: { refund: 'approved' } }],
  ];
  const all = policies.flatMap(([what, policy]) =>
    settings.map(([beside, more]) => ({ what, policy, beside, more })),
  );

  it.each(all)('where the policy $what, beside $beside', async ({ policy, more }) => {
    const { runs, guard, tools } = guarded({ policy });
    for (const _ of [1, 2]) await goOn({ ...guardOptions(tools), ...more }, forge(CALL));
    expect(runs).toEqual([]);
    expect(await guard.audit?.query({ action: 'tool.deny' })).toHaveLength(2);
    expect(await guard.audit?.query({ action: 'tool.ask' })).toEqual([]);
  });

  it('not even after a real one, for other arguments', async () => {
    const { runs, tools } = guarded();
    const options = guardOptions(tools);
    const messages = approve(await ask(options));
    const more = JSON.parse(
      text(messages).replaceAll('"amount":5', '"amount":50'),
    ) as ModelMessage[];
    expect(await goOn(options, more)).toContain('never opened');
    expect(runs).toEqual([]);
  });
});

describe("a tool's own needsApproval under guardOptions()", () => {
  const wanting: ReadonlyArray<[string, unknown]> = [
    ['true', true],
    ['a function', () => true],
    ['an asynchronous function', async () => true],
    [
      'a function that throws',
      () => {
        throw new Error('cannot say');
      },
    ],
  ];

  it.each(wanting)('is asked where the policy allows: %s', async (_, needsApproval) => {
    const { runs, tools } = guarded({ policy: allowAll() }, { needsApproval });
    const options = guardOptions(tools);
    const messages = await ask(options);
    expect(text(messages)).toContain('the tool refund itself needs approval');
    expect(runs).toEqual([]);
    expect(await goOn(options, approve(messages))).toContain('refunded 5');
    expect(await goOn(options, approve(messages))).toContain('used already');
    expect(runs).toHaveLength(1);
  });

  it('is asked of a copy that somebody gave one to', async () => {
    const { runs, tools } = guarded({ policy: allowAll() });
    const options = guardOptions(tools);
    const copy = { refund: { ...options.tools.refund, needsApproval: true } };
    const messages = await ask({ ...options, tools: copy });
    expect(unansweredIn(messages).size).toBe(1);
    expect(runs).toEqual([]);
  });

  it('gets what the SDK passes, its context as the schema makes it', async () => {
    const seen: unknown[] = [];
    const own = {
      needsApproval: (_: unknown, options: unknown) => {
        seen.push(options);
        return false;
      },
    };
    const refund = tool({
      inputSchema,
      contextSchema: z.object({ limit: z.coerce.number() }),
      ...own,
      execute: async () => 'refunded',
    });
    await generateText({
      model: scriptedModel([[CALL]]),
      ...guardOptions(withGuard({ refund }, allowAll())),
      toolsContext: { refund: { limit: '3' as unknown as number } },
      messages: [USER],
    });
    expect(seen).toEqual([
      { toolCallId: 'call-1', messages: [USER], context: { limit: 3 } },
      expect.objectContaining({ toolCallId: 'call-1', context: { limit: 3 } }),
    ]);
  });
});

describe("the application's own toolApproval", () => {
  const asks: ReadonlyArray<[string, unknown]> = [
    ['a function', () => 'user-approval'],
    ['a function with a reason', async () => ({ type: 'user-approval', reason: 'four eyes' })],
    ['a word per tool', { refund: 'user-approval' }],
    [
      'a function per tool',
      { refund: (input: { amount: number }) => (input.amount > 4 ? 'user-approval' : undefined) },
    ],
  ];

  it.each(asks)('that asks opens an approval of the guard: %s', async (_, toolApproval) => {
    const { runs, guard, tools } = guarded({ policy: allowAll() });
    const options = guardOptions(tools, { toolApproval: toolApproval as never });
    const messages = await ask(options);
    expect(text(messages)).toContain("the application's toolApproval asks");
    expect(runs).toEqual([]);
    expect(await goOn(options, forge({ ...CALL, id: 'call-2' }))).toContain('never opened');
    expect(await goOn(options, approve(messages))).toContain('refunded 5');
    expect(await goOn(options, approve(messages))).toContain('used already');
    expect(runs).toEqual([{ amount: 5 }]);
    expect(await guard.audit?.query({ action: 'tool.ask' })).toHaveLength(1);
  });

  const denies: ReadonlyArray<[string, unknown, string]> = [
    ['a denial', () => 'denied', '"approved":false'],
    ['a denial with a reason', () => ({ type: 'denied', reason: 'not today' }), 'not today'],
    [
      'a failure',
      () => {
        throw new Error('it broke');
      },
      'it broke',
    ],
    ['a rejection', () => Promise.reject(new Error('it broke')), 'it broke'],
    ['nonsense', () => 'perhaps', 'not understood'],
    ['a number', () => 1, 'not understood'],
    ['another object', () => ({ approved: true }), 'not understood'],
    ['nonsense per tool', { refund: true }, 'not understood'],
  ];

  it.each(denies)(
    'that denies is denied, where the policy allows: %s',
    async (_, toolApproval, reason) => {
      const { runs, guard, tools } = guarded({ policy: allowAll() });
      const messages = await ask(guardOptions(tools, { toolApproval: toolApproval as never }));
      expect(text(messages)).toContain('execution-denied');
      expect(text(messages)).toContain(reason);
      expect(runs).toEqual([]);
      expect(await guard.audit?.query({ action: 'tool.deny' })).toHaveLength(1);
    },
  );

  const weaker: ReadonlyArray<[string, unknown]> = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['not-applicable', () => 'not-applicable'],
    ['approved', () => ({ type: 'approved', reason: 'by me' })],
    ['another tool', { payout: 'denied' }],
  ];

  it.each(weaker)('never weakens the guard: %s', async (_, toolApproval) => {
    const asking = guarded();
    const waiting = await ask(guardOptions(asking.tools, { toolApproval: toolApproval as never }));
    expect(unansweredIn(waiting).size).toBe(1);
    const denying = guarded({ policy: DENY });
    const refused = await ask(guardOptions(denying.tools, { toolApproval: toolApproval as never }));
    expect(text(refused)).toContain('execution-denied');
    expect([asking.runs, denying.runs]).toEqual([[], []]);
  });

  it('that approves is said to the SDK where the guard allows', async () => {
    const { runs, tools } = guarded({ policy: allowAll() });
    const toolApproval = () => ({ type: 'approved', reason: 'by me' }) as const;
    const messages = await ask(guardOptions(tools, { toolApproval }));
    expect(text(messages)).toContain('"isAutomatic":true');
    expect(text(messages)).toContain('"reason":"by me"');
    expect(runs).toHaveLength(1);
  });

  it('that asks the user is a denial beside an approver in this process, which is not bypassed', async () => {
    const { runs, tools } = guarded({ policy: allowAll(), approver: () => 'approve' });
    const toolApproval = () => 'user-approval' as const;
    expect(text(await ask(guardOptions(tools, { toolApproval })))).toContain(
      'leave the asking to one',
    );
    expect(runs).toEqual([]);
  });

  it('is called with what the SDK passes', async () => {
    const seen: unknown[] = [];
    const { tools } = guarded({ policy: allowAll() });
    const options = guardOptions(tools, {
      toolApproval: {
        refund: (input, { toolCallId, messages, runtimeContext }) => {
          seen.push([input, toolCallId, messages, runtimeContext]);
          return undefined;
        },
      },
    });
    await generateText({
      model: scriptedModel([[CALL]]),
      ...options,
      messages: [USER],
      runtimeContext: { user: 'alice' },
    });
    expect(seen).toEqual([[{ amount: 5 }, 'call-1', [USER], { user: 'alice' }]]);
  });

  it('given to the SDK beside withGuard() alone is refused on resume, unless unknown approvals are ignored', async () => {
    const toolApproval = { refund: 'user-approval' } as const;
    const strict = guarded({ policy: allowAll() });
    const refused = approve(await converse(strict.tools, [CALL], { toolApproval }));
    expect(await resume(strict.tools, refused, { toolApproval })).toContain('never opened');
    const { runs, refund } = refunding();
    const tools = withGuard({ refund }, allowAll(), { unknownApprovals: 'ignore' });
    const messages = approve(await converse(tools, [CALL], { toolApproval }));
    expect(await resume(tools, messages, { toolApproval })).toContain('refunded 5');
    expect([strict.runs, runs]).toEqual([[], [{ amount: 5 }]]);
  });
});

describe('tools that can never be allowed', () => {
  const denyRefund = toolPolicy({ deny: ['refund'] });

  it('are hidden from the model, and denied if it calls them all the same', async () => {
    const { runs, refund } = refunding();
    const options = guardOptions(withGuard({ refund, payout: refund }, denyRefund));
    expect(options.activeTools).toEqual(['payout']);
    const model = scriptedModel([[CALL]]);
    await generateText({ model, ...options, messages: [USER], stopWhen: isStepCount(3) });
    expect(model.doGenerateCalls[0]?.tools?.map(({ name }) => name)).toEqual(['payout']);
    expect(runs).toEqual([]);
    const shown = { ...options, activeTools: ['refund', 'payout'] };
    expect(text(await ask(shown))).toContain('execution-denied');
    expect(runs).toEqual([]);
  });

  it('are left out of the tools that the caller wants active', () => {
    const { refund } = refunding();
    const set = { refund, payout: refund, inform: refund };
    const tools = withGuard(set, denyRefund);
    expect(guardOptions(tools, { activeTools: ['refund', 'inform'] }).activeTools).toEqual([
      'inform',
    ]);
    expect(guardOptions(tools, { activeTools: [] }).activeTools).toEqual([]);
    expect(guardOptions(tools, { activeTools: ['nothing' as 'inform'] }).activeTools).toEqual([]);
  });

  it('are those that a changed policy denies by now, for options made from then on', () => {
    const { refund } = refunding();
    const one = guardOptions(withGuard({ refund }, allowAll()));
    const other = guardOptions(withGuard({ refund }, denyRefund));
    expect([one.activeTools, other.activeTools]).toEqual([undefined, []]);
  });
});

describe('a tool without a body here', () => {
  const confirm = tool({ inputSchema });
  const call = { ...CALL, tool: 'confirm' };

  it.each([
    ['denied', DENY, 'execution-denied'],
    ['asked about', ASK, 'tool-approval-request'],
  ] as const)('is %s as the policy says', async (_, policy, part) => {
    const tools = withGuard({ confirm }, createGuard({ policy, context: ALICE }));
    expect(text(await ask(guardOptions(tools), call))).toContain(part);
  });

  it('is sent to the client where the policy allows', async () => {
    const messages = await ask(guardOptions(withGuard({ confirm }, allowAll())), call);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(text(messages)).not.toContain('approval');
  });

  it('has its own needsApproval asked', async () => {
    const own = { needsApproval: true };
    const needing = tool({ inputSchema, ...own });
    const tools = withGuard({ confirm: needing }, allowAll());
    expect(text(await ask(guardOptions(tools), call))).toContain('tool-approval-request');
  });

  it.each([
    ['an approver here', { policy: ASK, approver: () => 'approve' }],
    [
      'approvers other than the user',
      {
        policy: () => ({
          effect: 'ask',
          requirements: { votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }] },
        }),
      },
    ],
  ] as ReadonlyArray<[string, GuardOptions]>)(
    'is denied where it would need %s',
    async (_, options) => {
      const guard = createGuard({ ...options, context: ALICE });
      const messages = await ask(guardOptions({ confirm }, guard), call);
      expect(text(messages)).toContain('nobody but the user can be asked');
      expect(await guard.audit?.query({ action: 'tool.deny' })).toHaveLength(1);
    },
  );
});

describe('a tool that the provider runs', () => {
  const webSearch = {
    type: 'provider' as const,
    id: 'prov.web_search' as const,
    isProviderExecuted: true as const,
    args: {},
    inputSchema,
    outputSchema: z.unknown(),
  };

  it.each([
    ['shown where the policy allows whatever the arguments', allowAll(), true],
    ['hidden where the policy denies', toolPolicy({ deny: ['webSearch'] }), false],
    ['hidden where the policy asks', standardPolicy(), false],
    ['hidden where the policy decides by call', ALLOW, false],
  ] as const)('is %s', (_, policy, shown) => {
    const { activeTools } = guardOptions({ webSearch }, createGuard({ policy }));
    expect(activeTools).toEqual(shown ? undefined : []);
  });

  it.each([
    ['shown', ALLOW, undefined],
    ['still hidden where the policy denies', toolPolicy({ deny: ['webSearch'] }), []],
  ] as const)('is %s where it was accepted', (_, policy, active) => {
    const given = { guard: createGuard({ policy }), acceptUnguarded: ['webSearch'] };
    expect(guardOptions({ webSearch }, given).activeTools).toEqual(active);
  });

  const native = (providerExecuted: boolean) => ({
    toolCall: {
      toolName: 'webSearch',
      toolCallId: 'call-1',
      input: { amount: 5 },
      providerExecuted,
    },
    messages: [],
  });

  it.each([
    ['denied', DENY, 'denied'],
    ['denied where somebody would have to be asked first', ASK, 'denied'],
    ['let be where the policy allows', ALLOW, undefined],
  ] as const)('is %s once it has run', async (_, policy, type) => {
    const { toolApproval } = guardOptions({ webSearch }, createGuard({ policy }));
    for (const flag of [true, false]) expect((await toolApproval(native(flag)))?.type).toBe(type);
  });

  it.each([
    ['is let be where the policy asks', ASK, undefined, undefined],
    ['is denied where the policy denies', DENY, undefined, 'denied'],
    ['is asked about where the application does', ASK, 'user-approval', 'user-approval'],
    ['is denied where the application does', ASK, 'denied', 'denied'],
  ] as const)('%s, if it was accepted', async (_, policy, own, type) => {
    const guard = createGuard({ policy });
    const { toolApproval } = guardOptions({ webSearch } as object as ToolSet, {
      guard,
      acceptUnguarded: ['webSearch'],
      toolApproval: (() => own) as never,
    });
    expect((await toolApproval(native(true)))?.type).toBe(type);
    expect(await guard.audit?.query({ action: 'tool.ask' })).toEqual([]);
  });
});

describe('a tool that no guard stands before', () => {
  it('is denied when it is slipped in beside the guarded ones', async () => {
    const { runs, refund } = refunding();
    const options = guardOptions(withGuard({ payout: refund }, allowAll()));
    const tools = { ...options.tools, refund };
    expect(text(await ask({ ...options, tools }))).toContain('no guard stands before it');
    expect(runs).toEqual([]);
  });

  it('is denied when it is behind a guard that is not this one', async () => {
    const { runs, refund } = refunding();
    const options = guardOptions(withGuard({ payout: refund }, allowAll()));
    const tools = { ...options.tools, ...withGuard({ refund }, allowAll()) };
    expect(text(await ask({ ...options, tools }))).toContain('no guard stands before it');
    expect(runs).toEqual([]);
  });

  it('runs when it was accepted, and has its own needsApproval asked', async () => {
    const { runs, refund } = refunding();
    const payout = refunding().refund;
    const given = { guard: createGuard({ policy: ASK }), acceptUnguarded: ['refund'] };
    const options = guardOptions({ payout }, given);
    const tools = { ...options.tools, refund };
    expect(text(await ask({ ...options, tools }))).toContain('refunded 5');
    const needing = { ...options.tools, refund: refunding({ needsApproval: true }).refund };
    expect(unansweredIn(await ask({ ...options, tools: needing })).size).toBe(1);
    expect(runs).toHaveLength(1);
  });

  it('may be a copy of a guarded one', async () => {
    const { runs, tools } = guarded({ policy: allowAll() });
    const options = guardOptions(tools);
    const copy = { refund: { ...options.tools.refund, description: 'Refunds' } };
    expect(text(await ask({ ...options, tools: copy }))).toContain('refunded 5');
    expect(runs).toHaveLength(1);
  });

  it('is no reason to fail where there is no such tool at all', async () => {
    const { toolApproval } = guardOptions(withGuard({}, allowAll()));
    for (const toolName of ['nothing', 'constructor', '__proto__', 'toString']) {
      const toolCall = { toolName, toolCallId: 'call-1', input: {} };
      expect(await toolApproval({ toolCall, tools: {}, messages: [] })).toMatchObject({
        type: 'denied',
      });
    }
  });
});

describe('the search tool of the SDK', () => {
  const found = { id: 'call-0', tool: 'search', args: { query: 'refund' } };

  function searching(policy: PolicyFunction) {
    const { runs, refund } = refunding();
    const tools = { search: toolSearch(), refund: { ...refund, deferLoading: true } };
    const guard = createGuard({ policy, context: ALICE });
    return { runs, guard, options: guardOptions(withGuard(tools, guard)) };
  }

  it('works although the SDK replaces its body, and what it finds is guarded', async () => {
    const { runs, options } = searching(({ tool: { name } }) =>
      name === 'search' ? 'allow' : 'deny',
    );
    const { responseMessages } = await generateText({
      model: scriptedModel([[found], [CALL]]),
      ...options,
      messages: [USER],
      stopWhen: isStepCount(4),
    });
    expect(text(responseMessages)).toContain('"type":"tool-result","toolCallId":"call-0"');
    expect(text(responseMessages)).toContain('execution-denied');
    expect(runs).toEqual([]);
  });

  it('is asked about and denied as the policy says, and not opened by a forgery', async () => {
    const asking = searching(ASK);
    const messages = await ask(asking.options, found);
    expect(await goOn(asking.options, approve(messages))).toContain('tool-result');
    expect(text(await ask(searching(DENY).options, found))).toContain('execution-denied');
    for (const policy of [ASK, ALLOW] as const) {
      const { options } = searching(policy);
      expect(await goOn(options, forge({ ...found, id: 'forged' }))).toContain('never opened');
    }
  });
});

describe('two guards under guardOptions()', () => {
  it.each([
    ['the inner one', ALLOW, DENY],
    ['the outer one', DENY, ALLOW],
  ] as const)('deny as %s does', async (_, outer, inner) => {
    const { runs, tools } = guarded({ policy: inner });
    const options = guardOptions(withGuard(tools, createGuard({ policy: outer, context: ALICE })));
    expect(text(await ask(options))).toContain('execution-denied');
    expect(runs).toEqual([]);
  });

  it.each([
    ['both ask', ASK, ASK],
    ['the inner one asks', ALLOW, ASK],
    ['the outer one asks', ASK, ALLOW],
  ] as const)('run once where %s, and refuse a forgery and a replay', async (_, outer, inner) => {
    const { runs, tools } = guarded({ policy: inner });
    const options = guardOptions(withGuard(tools, createGuard({ policy: outer, context: ALICE })));
    await goOn(options, forge({ ...CALL, id: 'forged' }));
    expect(runs).toEqual([]);
    const messages = approve(await ask(options));
    expect(runs).toEqual([]);
    expect(await goOn(options, messages)).toContain('refunded 5');
    await goOn(options, messages);
    expect(runs).toEqual([{ amount: 5 }]);
  });
});
