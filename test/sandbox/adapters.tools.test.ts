import { createGuard, memoryAudit, withGuard } from '@guardstile/ai-sdk';
import { moduleFunction, type ToolSandboxOptions, toolSandbox } from '@guardstile/ai-sdk/sandbox';
import { withGuard as withLangchainGuard } from '@guardstile/langchain';
import {
  moduleFunction as langchainFunction,
  toolSandbox as langchainSandbox,
} from '@guardstile/langchain/sandbox';
import { DynamicStructuredTool, tool as langchainTool } from '@langchain/core/tools';
import { generateText, isStepCount, simulateReadableStream, streamText, tool } from 'ai';
import { tool as toolV5 } from 'ai-v5';
import { tool as toolV6 } from 'ai-v6';
import { MockLanguageModelV4 } from 'ai/test';
import { createAgent } from 'langchain';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import * as z from 'zod';

import { scriptedChatModel } from '../../examples/src/support/scripted-chat-model.ts';
import { scriptedModel, type ScriptedTurn } from '../../examples/src/support/scripted-model.ts';
import type * as bodies from './support/tools.ts';

const MODULE = new URL('./support/tools.ts', import.meta.url);

/** What is told of each result, one a line. */
const said: ScriptedTurn = (results) => results.map(({ text }) => text).join('\n');

function aiTools() {
  return {
    double: tool({
      inputSchema: z.object({ n: z.number() }),
      execute: moduleFunction<typeof bodies.double>(MODULE, 'double'),
    }),
    read: tool({
      inputSchema: z.object({ path: z.string() }),
      execute: moduleFunction<typeof bodies.read>(MODULE, 'read'),
    }),
    fail: tool({
      inputSchema: z.object({}),
      execute: moduleFunction<() => unknown>(MODULE, 'throwsError'),
    }),
    slowly: tool({
      inputSchema: z.object({ ms: z.number() }),
      execute: moduleFunction<typeof bodies.slowly>(MODULE, 'slowly'),
    }),
    here: tool({ inputSchema: z.object({}), execute: () => process.pid }),
  };
}

function aiWorld(options: ToolSandboxOptions = {}) {
  const tools = aiTools();
  const audit = memoryAudit();
  const guard = createGuard({
    policy: ({ args }) => (JSON.stringify(args).includes('13') ? 'deny' : 'allow'),
    sandbox: toolSandbox(tools, options),
    audit,
  });
  onTestFinished(() => guard.close());
  return { guard, tools: withGuard(tools, guard), audit };
}

describe.each(['os', 'child'] as const)('a tool whose body a sandbox (%s) runs', (isolation) => {
  it('keeps its types, gives its result and its error to the SDK, and is decided on before', async () => {
    const { tools, audit } = aiWorld({ isolation });
    type Output = Awaited<ReturnType<NonNullable<typeof tools.double.execute>>>;
    expectTypeOf<Exclude<Output, AsyncIterable<unknown>>>().toEqualTypeOf<number>();
    const { text } = await generateText({
      model: scriptedModel([
        { tool: 'double', args: { n: 21 } },
        { tool: 'fail', args: {} },
        { tool: 'double', args: { n: 13 } },
        { tool: 'here', args: {} },
        said,
      ]),
      tools,
      prompt: 'go',
      stopWhen: isStepCount(8),
    });
    const [doubled, failed, denied, here] = text.split('\n');
    expect([doubled, here]).toEqual(['42', String(process.pid)]);
    expect(failed).toContain('too far');
    expect(denied).toContain('denied');
    const allowed = (await audit.query({})).filter(({ action }) => action === 'tool.allow');
    expect(allowed.map(({ tool: name }) => name)).toEqual(['double', 'fail', 'here']);
  });

  it('does not read what is outside', async () => {
    const { tools } = aiWorld({ isolation });
    const { text } = await generateText({
      model: scriptedModel([{ tool: 'read', args: { path: '/etc/passwd' } }, said]),
      tools,
      prompt: 'go',
      stopWhen: isStepCount(3),
    });
    expect(text).toMatch(/ENOENT|ERR_ACCESS_DENIED|restricted/);
    expect(text).not.toContain('root:');
  });

  it('is killed when the SDK aborts, with the reason of the abort', async () => {
    const { guard, tools, audit } = aiWorld({ isolation });
    const controller = new AbortController();
    const reason = new Error('enough');
    guard.on('start', () => setImmediate(() => controller.abort(reason)));
    const run = generateText({
      model: scriptedModel([{ tool: 'slowly', args: { ms: 60_000 } }, said]),
      tools,
      prompt: 'go',
      abortSignal: controller.signal,
      stopWhen: isStepCount(3),
    });
    await expect(run).rejects.toBe(reason);
    await guard.close(); // which waits for what is still being written
    const [outcome] = (await audit.query({})).filter(({ kind }) => kind === 'outcome');
    expect(outcome).toMatchObject({ tool: 'slowly', status: 'error', error: 'enough' });
  });
});

describe('a tool whose body a sandbox runs', () => {
  it('streams its result through streamText like any other', async () => {
    const { tools } = aiWorld({ isolation: 'child' });
    const input = JSON.stringify({ n: 21 });
    const model = new MockLanguageModelV4({
      doStream: async () => ({
        stream: simulateReadableStream({
          chunks: [
            { type: 'tool-call', toolCallId: 'call-1', toolName: 'double', input },
            {
              type: 'finish',
              finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
              usage: {
                inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
                outputTokens: { total: 1, text: 1, reasoning: 0 },
              },
            },
          ],
        }),
      }),
    });
    const parts = [];
    for await (const part of streamText({ model, tools, prompt: 'go' }).stream) parts.push(part);
    const results = parts.filter(({ type }) => type === 'tool-result');
    expect(results).toMatchObject([{ toolCallId: 'call-1', output: 42 }]);
    expect(results[0]).not.toHaveProperty('preliminary', true);
  });

  it('is one of ai 6 and of ai 5 too', async () => {
    const double = {
      inputSchema: z.object({ n: z.number() }),
      execute: moduleFunction<typeof bodies.double>(MODULE, 'double'),
    };
    const tools = { six: toolV6(double), five: toolV5(double) };
    const sandbox = toolSandbox(tools, { isolation: 'child' });
    const guard = createGuard({ policy: () => 'allow', sandbox });
    onTestFinished(() => guard.close());
    const { six, five } = withGuard(tools, guard);
    const call = { toolCallId: 'call-1', messages: [] };
    expect(await six.execute?.({ n: 4 }, call)).toBe(8);
    expect(await five.execute?.({ n: 5 }, call)).toBe(10);
  });

  it('never runs in this process: without its sandbox it says what is missing', async () => {
    const tools = withGuard(aiTools(), () => 'allow');
    const call = tools.double.execute?.({ n: 1 }, { toolCallId: 'c', messages: [], context: {} });
    await expect(call).rejects.toMatchObject({ code: 'sandbox_unavailable' });
    const unknown = Promise.resolve(
      aiWorld({ isolation: 'child' }).guard.call({ tool: 'other', args: {} }, () => 'ran'),
    );
    await expect(unknown).rejects.toMatchObject({ code: 'sandbox_refused' });
  });

  it('has to be among the tools, before they are guarded', () => {
    const { tools } = aiWorld({ isolation: 'child' });
    const none = { here: aiTools().here };
    for (const given of [tools, none, {}]) {
      expect(() => toolSandbox(given)).toThrow(/none of the tools has an execute out of module/);
    }
    expect(() => langchainSandbox([])).toThrow(/none of the tools has a func out of module/);
  });

  it('runs in an agent of LangChain the same', async () => {
    const double = new DynamicStructuredTool({
      name: 'double',
      description: 'doubles',
      schema: z.object({ n: z.number() }),
      func: langchainFunction<typeof bodies.double>(MODULE, 'double'),
    });
    const fail = new DynamicStructuredTool({
      name: 'fail',
      description: 'fails',
      schema: z.object({}),
      func: langchainFunction<typeof bodies.throwsError>(MODULE, 'throwsError'),
    });
    const here = langchainTool(() => process.pid, {
      name: 'here',
      description: 'where it runs',
      schema: z.object({}),
    });
    const all = [double, fail, here] as const;
    const guard = createGuard({
      policy: ({ args }) => (JSON.stringify(args).includes('13') ? 'deny' : 'allow'),
      sandbox: langchainSandbox(all),
    });
    onTestFinished(() => guard.close());
    const tools = withLangchainGuard(all, guard);
    const agent = createAgent({
      model: scriptedChatModel([
        { tool: 'double', args: { n: 21 } },
        { tool: 'double', args: { n: 13 } },
        { tool: 'here', args: {} },
        said,
      ]),
      tools: [...tools],
    });
    const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'go' }] });
    const [doubled, denied, where] = String(messages.at(-1)?.text).split('\n');
    expect([doubled, where]).toEqual(['42', String(process.pid)]);
    expect(denied).toContain('denied');
    await expect(tools[1].invoke({})).rejects.toMatchObject({ message: 'too far', code: 'E_FAR' });
  });
});
