import {
  createGuard,
  coverageOf,
  providerToolMiddleware,
  toolPolicy,
  withGuard,
} from '@guardstile/ai-sdk';
import * as v7 from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import * as v5 from 'ai-v5';
import { MockLanguageModelV2 } from 'ai-v5/test';
import * as v6 from 'ai-v6';
import { MockLanguageModelV3 } from 'ai-v6/test';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const inputSchema = z.object({ q: z.string() });
const detailed = {
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  },
  warnings: [],
} as const;
const plain = {
  finishReason: 'stop',
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  warnings: [],
} as const;

const ran = [
  {
    type: 'tool-call',
    toolCallId: 'id-1',
    toolName: 'webSearch',
    input: '{"q":"cats"}',
    providerExecuted: true,
  },
  {
    type: 'tool-result',
    toolCallId: 'id-1',
    toolName: 'webSearch',
    result: { hits: 3 },
    providerExecuted: true,
  },
];

const streamOf = (parts: readonly object[]): ReadableStream<never> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part as never); // each version has its own type
      controller.close();
    },
  });

interface Sent {
  readonly tools?: ReadonlyArray<{ readonly name: string }>;
  readonly providerOptions?: unknown;
}

interface Given {
  readonly guard: ReturnType<typeof createGuard>;
  readonly content: readonly object[];
  /** Streams instead, and answers the types of its parts. */
  readonly stream: boolean;
}

interface Ran {
  readonly sent: Sent | undefined;
  readonly types: readonly string[];
}

const common = {
  prompt: 'go',
  maxRetries: 0,
  onError: () => undefined,
  providerOptions: {
    anthropic: { mcpServers: [{ type: 'url', name: 'files', url: 'https://mcp.example' }] },
  },
};

async function typesOf(parts: AsyncIterable<{ readonly type: string }>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of parts) types.push(type);
  return types;
}

// Each version is called with its own types: that the middleware fits is checked by the compiler.
const versions: ReadonlyArray<[string, (given: Given) => Promise<Ran>]> = [
  [
    'ai 7',
    async ({ guard, content, stream }) => {
      const inner = new MockLanguageModelV4({
        doGenerate: { content: content as never[], ...detailed, warnings: [] },
        doStream: { stream: streamOf([...content, { type: 'finish', ...detailed }]) },
      });
      const model = v7.wrapLanguageModel({
        model: inner,
        middleware: providerToolMiddleware(guard),
      });
      const tools = {
        webSearch: v7.tool({
          type: 'provider',
          isProviderExecuted: true,
          id: 'openai.web_search',
          args: {},
          inputSchema,
          outputSchema: z.unknown(),
        }),
        local: v7.tool({ inputSchema, execute: async () => 'ok' }),
      };
      const types = stream
        ? await typesOf(v7.streamText({ model, tools, ...common }).stream)
        : (await v7.generateText({ model, tools, ...common })).content.map(({ type }) => type);
      return { sent: inner.doGenerateCalls[0] ?? inner.doStreamCalls[0], types };
    },
  ],
  [
    'ai 6',
    async ({ guard, content, stream }) => {
      const inner = new MockLanguageModelV3({
        doGenerate: { content: content as never[], ...detailed, warnings: [] },
        doStream: { stream: streamOf([...content, { type: 'finish', ...detailed }]) },
      });
      const model = v6.wrapLanguageModel({
        model: inner,
        middleware: providerToolMiddleware(guard),
      });
      const tools = {
        webSearch: v6.tool({ type: 'provider', id: 'openai.web_search', args: {}, inputSchema }),
        local: v6.tool({ inputSchema, execute: async () => 'ok' }),
      };
      const types = stream
        ? await typesOf(v6.streamText({ model, tools, ...common }).fullStream)
        : (await v6.generateText({ model, tools, ...common })).content.map(({ type }) => type);
      return { sent: inner.doGenerateCalls[0] ?? inner.doStreamCalls[0], types };
    },
  ],
  [
    'ai 5',
    async ({ guard, content, stream }) => {
      const inner = new MockLanguageModelV2({
        doGenerate: { content: content as never[], ...plain, warnings: [] },
        doStream: { stream: streamOf([...content, { type: 'finish', ...plain }]) },
      });
      const model = v5.wrapLanguageModel({
        model: inner,
        middleware: providerToolMiddleware(guard),
      });
      const tools = {
        webSearch: v5.tool({
          type: 'provider-defined',
          id: 'openai.web_search',
          name: 'web_search',
          args: {},
          inputSchema,
        }),
        local: v5.tool({ inputSchema, execute: async () => 'ok' }),
      };
      const types = stream
        ? await typesOf(v5.streamText({ model, tools, ...common }).fullStream)
        : (await v5.generateText({ model, tools, ...common })).content.map(({ type }) => type);
      return { sent: inner.doGenerateCalls[0] ?? inner.doStreamCalls[0], types };
    },
  ],
];

describe.each(versions)('provider tools with %s', (_, run) => {
  const names = ({ sent }: Ran) => sent?.tools?.map(({ name }) => name);

  it.each([false, true])(
    'are withheld where the policy denies them (stream: %s)',
    async (stream) => {
      const guard = createGuard({ policy: toolPolicy({ deny: ['webSearch', 'files'] }) });
      const result = await run({ guard, content: [], stream });
      expect(names(result)).toEqual(['local']);
      expect(result.sent?.providerOptions).toEqual({ anthropic: {} });
    },
  );

  it.each([false, true])('are offered and written down otherwise (stream: %s)', async (stream) => {
    const guard = createGuard({ policy: toolPolicy({ deny: [] }) });
    const result = await run({ guard, content: ran, stream });
    expect(names(result)).toHaveLength(2);
    expect(result.types).toEqual(expect.arrayContaining(['tool-call', 'tool-result']));
    const log = await guard.audit?.query({ kind: 'application' });
    expect(log?.map(({ action }) => action)).toEqual(['provider.call', 'provider.result']);
  });

  it('end the run when they come back although they are denied', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['webSearch'] }) });
    await expect(run({ guard, content: ran, stream: false })).rejects.toMatchObject({
      code: 'denied',
    });
    const { types } = await run({ guard, content: ran, stream: true });
    expect(types).toContain('error');
    expect(types).not.toContain('tool-result');
  });
});

describe('coverage of agents', () => {
  it('is the same in every version', () => {
    const guard = createGuard({ policy: toolPolicy({ deny: [] }) });
    const execute = async () => 'ok';
    const expected = { guarded: 'guarded', forgotten: 'unguarded' };
    const agents: object[] = [
      new v7.ToolLoopAgent({
        model: new MockLanguageModelV4(),
        tools: {
          ...withGuard({ guarded: v7.tool({ inputSchema, execute }) }, guard),
          forgotten: v7.tool({ inputSchema, execute }),
        },
      }),
      new v6.ToolLoopAgent({
        model: new MockLanguageModelV3(),
        tools: {
          ...withGuard({ guarded: v6.tool({ inputSchema, execute }) }, guard),
          forgotten: v6.tool({ inputSchema, execute }),
        },
      }),
      new v5.Experimental_Agent({
        model: new MockLanguageModelV2(),
        tools: {
          ...withGuard({ guarded: v5.tool({ inputSchema, execute }) }, guard),
          forgotten: v5.tool({ inputSchema, execute }),
        },
      }),
    ];
    for (const agent of agents) {
      const rows = coverageOf(agent).tools.map(({ tool, coverage }) => [tool, coverage]);
      expect(Object.fromEntries(rows)).toEqual(expected);
    }
  });
});
