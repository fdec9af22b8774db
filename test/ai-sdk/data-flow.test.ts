import { join } from 'node:path';
import { createMCPClient } from '@ai-sdk/mcp';
import { StdioMCPTransport } from '@ai-sdk/mcp/mcp-stdio';
import {
  guardMcpClient,
  memoryApprovals,
  providerToolMiddleware,
  withGuard,
} from '@guardstile/ai-sdk';
import { createDataFlow } from '@guardstile/data-flow';
import { sqliteFlowStore } from '@guardstile/data-flow/sqlite';
import {
  generateText,
  isStepCount,
  type ModelMessage,
  streamText,
  tool,
  wrapLanguageModel,
} from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { approve } from '../conformance/ai-sdk/conversation.ts';
import { scriptedModel } from '../conformance/ai-sdk/scripted-model.ts';
import { modelV4, v7 } from '../conformance/ai-sdk/v7.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { workspaceRoot } from '../support/workspace-root.ts';
import { asking } from './asking.ts';
import { bank, CAROL, DAVE, flowGuard, MALLORY, PAGE, paying, reading } from './bank.ts';
import { talk } from './talk.ts';

const said = (content: string): ModelMessage => ({ role: 'user', content });

describe.each(asking)('a value that nobody vouches for, asked about by $name', ({ sdk, more }) => {
  it('is paid once, after the user has approved it in a second request', async () => {
    const { paid, tools } = bank('ask');
    const asked = await talk(
      sdk,
      tools,
      [[reading('page')], [paying(MALLORY)]],
      [said('What is new?')],
      more(tools),
    );
    expect(paid).toEqual([]);
    for (const _ of [1, 2]) await talk(sdk, tools, [], approve(asked), more(tools));
    expect(paid).toEqual([MALLORY]);
  });

  it('is paid after a restart, and what was trusted before is trusted still', async () => {
    const path = join(temporaryDirectory(), 'flow.db');
    const approvals = memoryApprovals();
    const start = () => {
      const store = sqliteFlowStore(path);
      return { store, ...bank('ask', { approvals, dataFlow: createDataFlow({ store }) }) };
    };
    const before = start();
    const asked = await talk(
      sdk,
      before.tools,
      [[reading('payees')], [reading('page')], [paying(MALLORY)]],
      [said(`Dave has ${DAVE}.`)],
      more(before.tools),
    );
    before.store.close();
    const after = start();
    await talk(
      sdk,
      after.tools,
      [[paying(CAROL, 'carol'), paying(DAVE, 'dave')], [paying(MALLORY, 'again')]],
      approve(asked),
      more(after.tools),
    );
    expect(after.paid).toEqual([MALLORY, CAROL, DAVE]);
    after.store.close();
  });

  it('is everything but the word of the user after a restart without a store', async () => {
    const before = bank('ask');
    const messages = await talk(
      sdk,
      before.tools,
      [[reading('payees')]],
      [said(`Dave has ${DAVE}.`)],
      more(before.tools),
    );
    const after = bank('ask');
    await talk(
      sdk,
      after.tools,
      [[paying(DAVE, 'dave')], [paying(CAROL, 'carol')]],
      [...messages, said('Now pay.')],
      more(after.tools),
    );
    expect(after.paid).toEqual([DAVE]);
  });
});

it('says to the approver in which field of which result it saw a value', async () => {
  const reasons: string[] = [];
  const { tools } = bank('ask', {
    approver: ({ reason }) => {
      reasons.push(reason);
      return 'deny';
    },
  });
  await talk(v7, tools, [[reading('page')], [paying(MALLORY)]]);
  expect(reasons).toEqual([expect.stringContaining('page')]);
  expect(reasons[0]).toContain(MALLORY);
});

describe('a result that the guard did not see itself', () => {
  const search = (result: string) => ({
    call: {
      type: 'tool-call',
      toolCallId: 'search-1',
      toolName: 'search',
      input: '{}',
      providerExecuted: true,
    } as const,
    result: {
      type: 'tool-result',
      toolCallId: 'search-1',
      toolName: 'search',
      result,
      providerExecuted: true,
    } as const,
  });
  const pay = {
    type: 'tool-call',
    toolCallId: 'pay',
    toolName: 'pay',
    input: JSON.stringify({ account: MALLORY }),
  } as const;

  it.each(['generateText', 'streamText'] as const)(
    'of a provider is known to the calls of the same answer: %s',
    async (way) => {
      const { paid, guard, tools } = bank('deny');
      const { call, result } = search(PAGE);
      const answers = [[call, result, pay]];
      const inner = modelV4(() => {
        const content = answers.shift() ?? [];
        return { content: [...content], streamed: [...content] };
      });
      const middleware = providerToolMiddleware(guard, { onDenied: 'audit' });
      const model = wrapLanguageModel({ model: inner, middleware });
      const settings = { model, tools, prompt: 'Search.', stopWhen: isStepCount(3) };
      const messages =
        way === 'generateText'
          ? (await generateText(settings)).responseMessages
          : await streamText(settings).responseMessages;
      expect(paid).toEqual([]);
      expect(JSON.stringify(messages)).toMatch(/denied.*the result of search/s);
    },
  );

  it.each([
    ['of a provider', 'assistant'],
    ['of a tool without a guard', 'tool'],
  ] as const)('%s is history that nobody trusts, and no word of the user', async (_, role) => {
    const { paid, tools } = bank('deny');
    const output = { type: 'text', value: PAGE } as const;
    const part = { type: 'tool-result', toolCallId: 'x', toolName: 'search', output } as const;
    const messages = [said('Search.'), { role, content: [part] } as ModelMessage];
    const after = await talk(v7, tools, [[paying(MALLORY)]], [...messages, said('Go on.')]);
    expect(paid).toEqual([]);
    expect(JSON.stringify(after)).toMatch(/denied.*search/s);
  });

  it('under an id that was there before is seen all the same', async () => {
    const { tools } = bank('deny');
    const part = (value: string): ModelMessage => {
      const output = { type: 'text', value } as const;
      const one = { type: 'tool-result', toolCallId: 'same', toolName: 'search', output } as const;
      return { role: 'tool', content: [one] };
    };
    const messages = [said('Search.'), part('nothing'), part(PAGE), said('Go on.')];
    const after = await talk(v7, tools, [[paying(MALLORY)]], messages);
    expect(JSON.stringify(after)).toMatch(/denied.*search/s);
  });
});

it('hears through the model what is said to code that calls the guard itself', async () => {
  const guard = flowGuard('deny');
  const model = wrapLanguageModel({
    model: scriptedModel([]),
    middleware: providerToolMiddleware(guard),
  });
  const offered = { pay: tool({ inputSchema: z.object({ account: z.string() }) }) };
  await generateText({ model, tools: offered, prompt: `Pay Dave, ${DAVE}.` });
  const pay = (account: string) => guard.call({ tool: 'pay', args: { account } }, () => 'paid');
  await expect(pay(DAVE)).resolves.toBe('paid');
  await expect(pay(MALLORY)).rejects.toMatchObject({ code: 'denied' });
});

it('labels what a server in another process returns', async () => {
  const guard = flowGuard('deny');
  const transport = new StdioMCPTransport({
    command: process.execPath,
    args: [join(workspaceRoot, 'test/mcp/child-server.ts')],
  });
  const client = guardMcpClient(await createMCPClient({ transport }), guard, {
    source: 'files',
    facts: { read: 'readOnly' },
  });
  try {
    const { paid, tools: own } = bank('deny');
    const tools = { ...withGuard(own, guard), ...(await client.tools()) };
    // It answers with the path, so that the model chooses what the result holds.
    const read = { id: 'read', tool: 'read', args: { path: `pay ${MALLORY} ` } };
    const after = await talk(v7, tools, [[read], [paying(MALLORY)]], [said('Read.')]);
    expect(JSON.stringify(after)).toMatch(/denied.*content\[0\]\.text of files\/read/s);
    expect(paid).toEqual([]);
  } finally {
    await client.close();
  }
});

it.each([
  ['is asked about where nothing was heard before', false, []],
  ['runs where the model is heard', true, [CAROL]],
] as const)(
  'a value of a trusted field, read after a call that the guard never saw, %s',
  async (_, heard, expected) => {
    const { paid, guard, tools } = bank('ask');
    const script = scriptedModel([[reading('gone')], [reading('payees')], [paying(CAROL)]]);
    const model = heard
      ? wrapLanguageModel({ model: script, middleware: providerToolMiddleware(guard) })
      : script;
    await generateText({ model, tools, prompt: 'Go on.', stopWhen: isStepCount(5) });
    expect(paid).toEqual(expected);
  },
);

it('looks at no message where the guard has no data flow', async () => {
  let looked = 0;
  const message = new Proxy(said('Go on.'), {
    getOwnPropertyDescriptor(target, name) {
      looked += 1;
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
  const options = { toolCallId: 'pay', messages: [message], context: {} };
  const unguarded = tool({ inputSchema: z.object({}), execute: () => 'ran' });
  await withGuard({ unguarded }, () => 'allow').unguarded.execute?.({}, options);
  expect(looked).toBe(0);
  await bank('deny').tools.page.execute?.({}, options);
  expect(looked).toBeGreaterThan(0);
});
