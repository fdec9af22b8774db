import {
  allowAll,
  type AuditLog,
  createGuard,
  staticSecrets,
  type GuardOptions,
  memoryAudit,
  standardPolicy,
  toolPolicy,
} from '@guardstile/core';
import {
  generateText,
  type LanguageModelMiddleware,
  type ModelMessage,
  simulateReadableStream,
  stepCountIs,
  streamText,
  tool,
  type ToolSet,
  wrapLanguageModel,
} from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { providerToolMiddleware, type ProviderToolOptions, withGuard } from './index.ts';

type Model = MockLanguageModelV4;
type Result = Awaited<ReturnType<Model['doGenerate']>>;
type Content = Result['content'][number];
type CallOptions = Parameters<Model['doGenerate']>[0];

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const finishReason = { unified: 'stop', raw: 'stop' } as const;

/** A model whose provider answers this, whatever it is asked. */
function modelOf(...content: readonly Content[]): Model {
  return new MockLanguageModelV4({
    doGenerate: async () => ({ content: [...content], finishReason, usage, warnings: [] }),
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [
          { type: 'stream-start', warnings: [] },
          ...content.filter((part) => part.type !== 'text'),
          { type: 'finish', finishReason, usage },
        ] as never[], // parts of content that also occur in streams
        initialDelayInMs: null,
        chunkDelayInMs: null,
      }),
    }),
  });
}

const provider = (id: `${string}.${string}`, args: Record<string, unknown> = {}) =>
  tool({
    type: 'provider',
    isProviderExecuted: true,
    id,
    args,
    inputSchema: z.record(z.string(), z.unknown()),
    outputSchema: z.unknown(),
  });
const webSearch = provider('openai.web_search');
const code = provider('openai.code_interpreter');
const mcp = provider('openai.mcp', { serverLabel: 'github', serverUrl: 'https://mcp.example' });
const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: async () => 'sunny',
});

const ran = (toolName: string, input: object = { q: 'cats' }, dynamic = false): Content[] => [
  {
    type: 'tool-call',
    toolCallId: `id-${toolName}`,
    toolName,
    input: JSON.stringify(input),
    providerExecuted: true,
    dynamic,
  },
  { type: 'tool-result', toolCallId: `id-${toolName}`, toolName, result: { hits: 3 }, dynamic },
];

interface Run {
  readonly policy: GuardOptions['policy'];
  readonly tools?: ToolSet;
  readonly content?: readonly Content[];
  readonly audit?: AuditLog;
  readonly options?: ProviderToolOptions;
  readonly settings?: object;
}

/** What the provider was sent, what came of it, and what the log says. */
async function run({ policy, tools = {}, content = [], audit = memoryAudit(), ...rest }: Run) {
  const guard = createGuard({ policy, audit, context: { session: 'chat-1' } });
  const inner = modelOf(...content, { type: 'text', text: 'done' });
  const model = wrapLanguageModel({
    model: inner,
    middleware: providerToolMiddleware(guard, rest.options),
  });
  const outcome = await generateText({
    model,
    tools: withGuard(tools, guard),
    prompt: 'go',
    stopWhen: stepCountIs(2),
    ...rest.settings,
  }).then(
    (result) => ({ content: result.content, error: undefined }),
    (error: unknown) => ({ content: undefined, error }),
  );
  const sent = inner.doGenerateCalls[0];
  const entries = await audit.query({ kind: 'application' });
  const log = entries.filter(({ action }) => action.startsWith('provider.'));
  return { sent, log, ...outcome };
}

const names = (sent: CallOptions | undefined) => sent?.tools?.map(({ name }) => name);

describe('tools that a provider runs', () => {
  it('are offered where the policy allows them, and others are not', async () => {
    const { sent, log } = await run({
      policy: toolPolicy({ deny: ['code'] }),
      tools: { weather, webSearch, code },
    });
    expect(names(sent)).toEqual(['weather', 'webSearch']);
    expect(log).toMatchObject([
      { action: 'provider.withheld', tool: 'code', session: 'chat-1', actor: 'guard' },
    ]);
  });

  it('are withheld where a person would have to be asked', async () => {
    const { sent } = await run({ policy: standardPolicy(), tools: { weather, webSearch } });
    expect(names(sent)).toEqual(['weather']);
  });

  it('are known by what the developer states of them', async () => {
    const { sent } = await run({
      policy: standardPolicy(),
      tools: { webSearch, code },
      options: { facts: { webSearch: 'readOnly', code: 'readOnly' } },
    });
    expect(names(sent)).toEqual(['webSearch', 'code']);
  });

  it('are as risky as the provider calls them, whatever the application calls them', async () => {
    const effects: unknown[] = [];
    await run({
      policy: ({ tool: { source, name }, facts: { effect } }) => {
        effects.push([source, name, effect]);
        return 'allow';
      },
      tools: { calc: code, lookUp: webSearch },
    });
    expect(effects).toEqual([
      ['provider:openai', 'calc', 'destructive'],
      ['provider:openai', 'lookUp', 'unknown'],
    ]);
  });

  it('are judged by how they are set up', async () => {
    const { sent } = await run({
      policy: ({ args }) =>
        (args as { serverUrl?: string }).serverUrl === 'https://mcp.example' ? 'deny' : 'allow',
      tools: { mcp, webSearch },
    });
    expect(names(sent)).toEqual(['webSearch']);
  });

  it('can be listed, by name or as the provider calls them, and are still judged', async () => {
    const { sent } = await run({
      policy: toolPolicy({ deny: ['code'] }),
      tools: { weather, webSearch, code, mcp },
      options: { allow: ['openai.web_search', 'code'] },
    });
    expect(names(sent)).toEqual(['weather', 'webSearch']);
  });

  it('are withheld where what the policy demands cannot be done there', async () => {
    const { sent } = await run({
      policy: () => ({
        effect: 'allow',
        obligations: [{ type: 'redact', fields: ['email'] }],
      }),
      tools: { webSearch },
    });
    expect(sent?.tools).toBeUndefined();
  });

  it('are withheld where the policy fails or their set-up cannot be looked into', async () => {
    const failing = await run({
      policy: () => {
        throw new Error('no');
      },
      tools: { webSearch },
    });
    expect(failing.sent?.tools).toBeUndefined();
    const args = {
      get serverUrl() {
        return 'https://mcp.example';
      },
    };
    const hidden = await run({ policy: allowAll(), tools: { mcp: provider('openai.mcp', args) } });
    expect(hidden.sent?.tools).toBeUndefined();
  });

  it.each(['constructor', '__proto__', 'w\u0435bSearch'])(
    'are withheld when called %s and denied',
    async (name) => {
      const tools: ToolSet = {};
      Object.defineProperty(tools, name, { value: webSearch, enumerable: true });
      const { sent } = await run({ policy: standardPolicy(), tools });
      expect(sent?.tools).toBeUndefined();
    },
  );

  it('are no longer chosen when withheld, so that the provider does not refuse the request', async () => {
    const policy = toolPolicy({ deny: ['webSearch'] });
    const chosen = { toolChoice: { type: 'tool', toolName: 'webSearch' } };
    const some = await run({ policy, tools: { weather, webSearch }, settings: chosen });
    expect(some.sent?.toolChoice).toEqual({ type: 'auto' });
    const none = await run({ policy, tools: { webSearch }, settings: { toolChoice: 'required' } });
    expect(none.sent?.toolChoice).toBeUndefined();
  });

  it('stay offered when this process runs them behind the guard', async () => {
    const guard = createGuard({ policy: standardPolicy() });
    const bash = tool({
      type: 'provider',
      isProviderExecuted: false,
      id: 'anthropic.bash',
      args: {},
      inputSchema: z.object({ command: z.string() }),
      execute: async () => 'ok',
    });
    const tools = withGuard({ bash, code }, guard);
    const inner = modelOf({ type: 'text', text: 'done' });
    const model = wrapLanguageModel({
      model: inner,
      middleware: providerToolMiddleware(guard, { tools }),
    });
    await generateText({ model, tools, prompt: 'go' });
    expect(names(inner.doGenerateCalls[0])).toEqual(['bash']);
    const other = { type: 'provider', name: 'bash', id: 'openai.shell', args: {} };
    const { transformParams } = providerToolMiddleware(guard, { tools });
    expect(await transformParams({ params: { tools: [other] } })).toEqual({});
  });
});

describe('MCP servers that a provider calls', () => {
  const requireApproval = (sent: CallOptions | undefined) =>
    sent?.tools?.map((given) => given.type === 'provider' && given.args['requireApproval']);

  it('ask before every call where the policy asks, if they can', async () => {
    const never = provider('openai.mcp', { serverLabel: 'github', requireApproval: 'never' });
    const { sent } = await run({ policy: standardPolicy(), tools: { mcp, never } });
    expect(requireApproval(sent)).toEqual(['always', 'always']);
    const other = await run({ policy: standardPolicy(), tools: { mcp: provider('xai.mcp') } });
    expect(other.sent?.tools).toBeUndefined();
  });

  it('keep their own setting where the policy allows them', async () => {
    const { sent } = await run({ policy: allowAll(), tools: { mcp } });
    expect(requireApproval(sent)).toEqual([undefined]);
  });

  const anthropic = {
    thinking: { type: 'enabled' },
    mcpServers: [
      { type: 'url', name: 'github', url: 'https://a.example', authorizationToken: 'tok-123456' },
      { type: 'url', name: 'files', url: 'https://b.example' },
    ],
  };

  it('are dropped from providerOptions one by one', async () => {
    const { sent, log } = await run({
      policy: toolPolicy({ deny: ['files'] }),
      settings: { providerOptions: { anthropic, openai: { user: 'u' } } },
    });
    expect(sent?.providerOptions).toEqual({
      anthropic: { ...anthropic, mcpServers: [anthropic.mcpServers[0]] },
      openai: { user: 'u' },
    });
    expect(log).toMatchObject([{ action: 'provider.withheld', tool: 'files' }]);
    const none = await run({
      policy: standardPolicy(),
      settings: { providerOptions: { anthropic } },
    });
    expect(none.sent?.providerOptions).toEqual({ anthropic: { thinking: { type: 'enabled' } } });
  });

  it('are dropped when they are no list', async () => {
    const { sent } = await run({
      policy: allowAll(),
      settings: { providerOptions: { anthropic: { mcpServers: { name: 'github' } } } },
    });
    expect(sent?.providerOptions).toEqual({ anthropic: {} });
  });

  it('keep their tokens to themselves and the policy', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['github'] }) });
    const seen: unknown[] = [];
    guard.on('call', (event) => seen.push(event));
    guard.on('decision', (event) => seen.push(event));
    const middleware = providerToolMiddleware(guard);
    await middleware.transformParams({ params: { providerOptions: { anthropic } } });
    expect(seen.length).toBeGreaterThan(0);
    const told = JSON.stringify([seen, await guard.audit?.query()]);
    expect(told).toContain('https://a.example');
    expect(told).not.toContain('tok-123456');
  });

  it('cannot be approved any more once they are withheld', async () => {
    const history = (approved: boolean): ModelMessage[] => [
      {
        role: 'assistant',
        content: [
          {
            type: 'tool-call',
            toolCallId: 'id-1',
            toolName: 'mcp.drop',
            input: {},
            providerExecuted: true,
          },
          { type: 'tool-approval-request', toolCallId: 'id-1', approvalId: 'a-1' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-approval-response', approvalId: 'a-1', approved, providerExecuted: true },
        ],
      },
    ];
    const answered = async (policy: GuardOptions['policy'], approved: boolean) => {
      const settings = { prompt: undefined, messages: history(approved) };
      const { sent, log } = await run({ policy, tools: { mcp }, settings });
      return [sent?.prompt.at(-1)?.content[0], log.at(-1)?.payload];
    };
    const approved = [
      expect.objectContaining({ approvalId: 'a-1', approved: true }),
      { approvalId: 'a-1', approved: true },
    ];
    const denied = [
      expect.objectContaining({ approvalId: 'a-1', approved: false }),
      { approvalId: 'a-1', approved: false },
    ];
    expect(await answered(standardPolicy(), true)).toEqual(approved);
    expect(await answered(toolPolicy({ deny: ['mcp'] }), true)).toEqual(denied);
    expect(await answered(standardPolicy(), false)).toEqual(denied);
  });
});

describe('what a provider ran', () => {
  it('is in the log with its arguments, and the digest of its result', async () => {
    const { log, content } = await run({
      policy: allowAll(),
      tools: { webSearch },
      content: ran('webSearch'),
    });
    expect(content?.map(({ type }) => type)).toEqual(['tool-call', 'tool-result', 'text']);
    expect(log).toMatchObject([
      {
        action: 'provider.call',
        actor: 'provider',
        tool: 'webSearch',
        source: 'provider:openai',
        call: 'id-webSearch',
        args: { q: 'cats' },
        payload: { effect: 'allow', vetoed: false },
      },
      { action: 'provider.result', call: 'id-webSearch', status: 'ok' },
    ]);
    expect(log[1]?.digest).toMatch(/^sha256:/);
  });

  it('is in the log without the secrets that the guard has handed out', async () => {
    const guard = createGuard({
      policy: allowAll(),
      secrets: staticSecrets({ KEY: 'hunter2hunter2' }),
    });
    await guard.tool({ name: 'pay', secrets: ['KEY'] }).run({ args: {} }, async () => 1);
    const heard: string[] = [];
    guard.on('audit', ({ action }) => heard.push(action));
    const call = ran('webSearch').map((part) =>
      part.type === 'tool-call' ? { ...part, input: '{"q":"hunter2hunter2"}' } : part,
    );
    const model = wrapLanguageModel({
      model: modelOf(...call, { type: 'text', text: 'done' }),
      middleware: providerToolMiddleware(guard),
    });
    await generateText({ model, tools: withGuard({ webSearch }, guard), prompt: 'go' });
    const log = await guard.audit?.query({ action: 'provider.call' });
    expect(log).toMatchObject([{ args: { q: '[redacted]' } }]);
    expect(heard).toContain('provider.call');
  });

  it('is in the log as failed when the provider says so', async () => {
    const [call, result] = ran('webSearch');
    const failed = { ...result, isError: true } as Content; // a tool-result
    const { log } = await run({
      policy: allowAll(),
      tools: { webSearch },
      content: [call as Content, failed],
    });
    expect(log.map(({ status }) => status)).toEqual([undefined, 'error']);
  });

  const denials: ReadonlyArray<[string, Run]> = [
    [
      'it was withheld',
      {
        policy: toolPolicy({ deny: ['webSearch'] }),
        tools: { webSearch },
        content: ran('webSearch'),
      },
    ],
    ['it was never offered', { policy: standardPolicy(), content: ran('webSearch') }],
    [
      'the policy denies these arguments',
      {
        policy: ({ args }) => ((args as { q?: string }).q === 'cats' ? 'deny' : 'allow'),
        tools: { webSearch },
        content: ran('webSearch'),
      },
    ],
    [
      'a person would have to be asked about these arguments',
      {
        policy: ({ args }) => ((args as { q?: string }).q === 'cats' ? 'ask' : 'allow'),
        tools: { webSearch, mcp },
        content: ran('webSearch'),
      },
    ],
    [
      'it is of a server that was dropped',
      {
        policy: standardPolicy(),
        settings: { providerOptions: { anthropic: { mcpServers: [{ name: 'github' }] } } },
        content: ran('list_issues', {}, true),
      },
    ],
    [
      'a tool of a server is denied by its name',
      {
        policy: toolPolicy({ deny: ['mcp.drop'] }),
        tools: { mcp },
        content: ran('mcp.drop', {}, true),
      },
    ],
  ];

  it.each(denials)('is vetoed when %s', async (_, given) => {
    const { error, log } = await run(given);
    expect(error).toMatchObject({ code: 'denied' });
    expect(log.at(-1)).toMatchObject({ action: 'provider.call', payload: { vetoed: true } });
  });

  it.each(denials)('is only written down on request, although %s', async (_, given) => {
    const { error, content, log } = await run({ ...given, options: { onDenied: 'audit' } });
    expect(error).toBeUndefined();
    expect(content?.map(({ type }) => type)).toContain('tool-result');
    expect(log.find(({ action }) => action === 'provider.call')).toMatchObject({
      code: expect.any(String) as string,
      payload: { vetoed: false },
    });
  });

  it('runs for a server that was let through, whatever its tools are called', async () => {
    for (const policy of [standardPolicy(), allowAll()]) {
      const { error, log } = await run({
        policy,
        tools: { mcp },
        content: ran('mcp.list_issues', {}, true),
      });
      expect(error).toBeUndefined();
      expect(log[0]).toMatchObject({ tool: 'mcp.list_issues', payload: { effect: 'allow' } });
    }
  });

  it('is never handed on unrecorded', async () => {
    const audit: AuditLog = {
      ...memoryAudit(),
      append: ({ action }) => {
        throw new Error(action);
      },
    };
    const { error } = await run({
      policy: allowAll(),
      tools: { webSearch },
      content: ran('webSearch'),
      audit,
    });
    expect(error).toMatchObject({ code: 'audit_error' });
  });

  it('may ask for an approval of its own, which is written down', async () => {
    const [call] = ran('mcp.drop', {}, true);
    const { log } = await run({
      policy: standardPolicy(),
      tools: { mcp },
      content: [
        call as Content,
        { type: 'tool-approval-request', approvalId: 'a-1', toolCallId: 'id-mcp.drop' },
      ],
    });
    expect(log.map(({ action }) => action)).toEqual(['provider.call', 'provider.asks']);
  });
});

describe('a stream of a provider', () => {
  async function parts(policy: GuardOptions['policy'], options: ProviderToolOptions = {}) {
    const guard = createGuard({ policy });
    const model = wrapLanguageModel({
      model: modelOf(...ran('webSearch')),
      middleware: providerToolMiddleware(guard, options),
    });
    const seen: unknown[] = [];
    const { stream } = streamText({
      model,
      tools: { webSearch },
      prompt: 'go',
      onError: () => undefined,
    });
    for await (const part of stream) seen.push(part.type);
    const log = await guard.audit?.query({ kind: 'application' });
    return { seen, log: log?.map(({ action }) => action) };
  }

  it('goes on with what is allowed', async () => {
    const { seen, log } = await parts(allowAll());
    expect(seen).toContain('tool-result');
    expect(seen).not.toContain('error');
    expect(log).toEqual(['provider.call', 'provider.result']);
  });

  it('ends at what is denied, before its result', async () => {
    const { seen, log } = await parts(toolPolicy({ deny: ['webSearch'] }));
    expect(seen).toContain('error');
    expect(seen).not.toContain('tool-call');
    expect(seen).not.toContain('tool-result');
    expect(log).toEqual(['provider.withheld', 'provider.call']);
  });

  it('goes on with what is denied on request', async () => {
    const { seen } = await parts(toolPolicy({ deny: ['webSearch'] }), { onDenied: 'audit' });
    expect(seen).toContain('tool-result');
  });

  it('is looked into whoever made it', async () => {
    const middleware = providerToolMiddleware(createGuard({ policy: () => 'deny' }));
    const content = ran('webSearch');
    const native = new ReadableStream<unknown>({
      start(controller) {
        for (const part of content) controller.enqueue(part);
        controller.close();
      },
    });
    // As a polyfill is: a stream in all but its class.
    const stream = { pipeThrough: native.pipeThrough.bind(native) };
    const result = await middleware.wrapStream({ params: {}, doStream: async () => ({ stream }) });
    const reader = (result.stream as unknown as ReadableStream<unknown>).getReader();
    expect((await reader.read()).value).toMatchObject({ type: 'error' });
  });

  it('is cancelled at the provider by a veto', async () => {
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<unknown>();
    const stream = new ReadableStream({
      start: (controller) => {
        for (const part of ran('webSearch')) controller.enqueue(part);
      },
      cancel,
    });
    const middleware = providerToolMiddleware(createGuard({ policy: standardPolicy() }));
    const result = await middleware.wrapStream({ doStream: async () => ({ stream }), params: {} });
    const reader = result.stream.getReader();
    expect(await reader.read()).toMatchObject({ value: { type: 'error' } });
    expect(await reader.read()).toMatchObject({ done: true });
    await cancelled;
  });
});

describe('a guard that allows everything', () => {
  it('changes nothing on the way', async () => {
    const middleware = providerToolMiddleware(createGuard({ policy: allowAll() }));
    const params = {
      tools: [{ type: 'provider', name: 'webSearch', id: 'openai.web_search', args: {} }],
      toolChoice: { type: 'tool', toolName: 'webSearch' },
      providerOptions: { anthropic: { mcpServers: [{ name: 'a', url: 'https://a.example' }] } },
    };
    expect(await middleware.transformParams({ params })).toBe(params);
    const result = { content: [{ type: 'text', text: 'hi' }] };
    expect(await middleware.wrapGenerate({ doGenerate: async () => result, params })).toBe(result);
  });

  it('has the type of a middleware', () => {
    const middleware = providerToolMiddleware(createGuard({ policy: allowAll() }));
    expectTypeOf(middleware).toExtend<LanguageModelMiddleware>();
  });
});
