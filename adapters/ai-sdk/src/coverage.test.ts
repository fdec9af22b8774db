import { allowAll, createGuard, toolPolicy } from '@guardstile/core';
import { ToolLoopAgent, tool, toolSearch } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { coverageOf, coverageTable, withGuard } from './index.ts';

const inputSchema = z.object({ city: z.string() });
const execute = async () => 'sunny';
const weather = tool({ inputSchema, execute });
const askUser = tool({ inputSchema });
const webSearch = {
  type: 'provider',
  isProviderExecuted: true,
  id: 'openai.web_search',
  args: {},
  inputSchema,
} as const;

const coverages = (report: ReturnType<typeof coverageOf>) =>
  Object.fromEntries(report.tools.map(({ tool: name, coverage }) => [name, coverage]));

describe('coverage of a tool', () => {
  const cases: ReadonlyArray<[string, object, string]> = [
    ['a function tool', weather, 'guarded'],
    ['a client-side tool', askUser, 'client-side'],
    ['a tool of the provider', webSearch, 'provider-executed'],
    [
      'a tool of the provider with a body that the provider never calls',
      { ...webSearch, execute },
      'provider-executed',
    ],
    [
      'a tool that the provider defines and this process runs',
      { ...webSearch, isProviderExecuted: false, execute },
      'guarded',
    ],
    ['such a tool without a body', { ...webSearch, isProviderExecuted: false }, 'client-side'],
    [
      'a tool of the provider in ai 6, which does not say who runs it',
      { type: 'provider', id: 'openai.web_search', args: {}, inputSchema },
      'provider-executed',
    ],
    [
      'one of ai 6 with a body',
      { type: 'provider', id: 'anthropic.bash', args: {}, inputSchema, execute },
      'guarded',
    ],
    [
      'a tool of the provider in ai 5',
      { type: 'provider-defined', id: 'openai.web_search', name: 'x', args: {}, inputSchema },
      'provider-executed',
    ],
    ['tool search', toolSearch(), 'replaced'],
  ];

  it.each(cases)('is told of %s', (_, given, coverage) => {
    const tools = withGuard({ given }, allowAll());
    expect(coverageOf(tools).tools).toEqual([expect.objectContaining({ tool: 'given', coverage })]);
  });

  it.each<[string, unknown]>([
    ['a tool that was never wrapped', weather],
    [
      'a guarded tool whose body was replaced',
      {
        ...withGuard({ weather }, allowAll()).weather,
        execute,
      },
    ],
    [
      'tool search that was never wrapped, whose symbol anybody can copy',
      {
        ...weather,
        [Symbol.for('vercel.ai.toolSearch')]: true,
      },
    ],
    ['something that is no tool', 7],
    ['a body that is no function', { inputSchema, execute: 'rm -rf' }],
    [
      'a tool that throws when it is read',
      {
        inputSchema,
        get execute() {
          throw new Error('no');
        },
      },
    ],
  ])('is none for %s', (_, given) => {
    expect(coverages(coverageOf({ given }))).toEqual({ given: 'unguarded' });
  });

  it('says what is decided already', () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['weather'] }) });
    const tools = withGuard(
      { weather, forecast: weather, asked: { ...weather, needsApproval: true } },
      guard,
    );
    expect(coverageOf(tools).tools.map(({ verdict }) => verdict)).toEqual([
      'deny',
      'allow',
      'per call',
    ]);
  });

  it('is complete when a guard stands before everything', () => {
    const tools = withGuard({ weather, search: toolSearch() }, allowAll());
    expect(coverageOf(tools).complete).toBe(true);
    expect(coverageOf({ ...tools, askUser }).complete).toBe(false);
    expect(coverageOf({}).complete).toBe(true);
  });
});

describe('coverage of an agent', () => {
  const model = new MockLanguageModelV4();
  const tools = withGuard({ weather }, allowAll());

  it('warns of what replaces its tools and its model', () => {
    const report = coverageOf({
      model,
      tools,
      prepareCall: (options: object) => options,
      prepareStep: () => ({}),
    });
    expect(report.warnings.map(({ about }) => about)).toEqual(['prepareCall', 'prepareStep']);
    expect(report.complete).toBe(false);
  });

  it('warns of MCP servers that the provider calls, by name', () => {
    const mcpServers = [{ type: 'url', name: 'github', url: 'https://mcp.example' }];
    const report = coverageOf({ tools, providerOptions: { anthropic: { mcpServers } } });
    expect(report.warnings).toEqual([
      expect.objectContaining({
        about: 'providerOptions',
        cannot: expect.stringContaining('github') as string,
      }),
    ]);
  });

  it('is read from the agent itself', () => {
    const agent = new ToolLoopAgent({
      model,
      tools: { ...tools, forecast: weather },
      prepareCall: (options) => options,
    });
    const report = coverageOf(agent);
    expect(coverages(report)).toEqual({ weather: 'guarded', forecast: 'unguarded' });
    expect(report.warnings.map(({ about }) => about)).toEqual(['prepareCall']);
    expect(coverageOf(new ToolLoopAgent({ model }))).toEqual({
      tools: [],
      warnings: [],
      complete: true,
    });
  });

  it('is not mistaken for a set with tools of such names', () => {
    const set = withGuard({ tools: weather, model: weather, settings: weather }, allowAll());
    expect(Object.keys(coverages(coverageOf(set)))).toEqual(['tools', 'model', 'settings']);
    const odd = withGuard({ inputSchema: weather }, allowAll());
    expect(coverages(coverageOf({ model: 'openai/gpt', tools: odd }))).toEqual({
      inputSchema: 'guarded',
    });
  });

  it.each([undefined, null, 'tools', 7])('is refused for %s', (given) => {
    expect(() => coverageOf(given as never)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});

describe('the table of a coverage report', () => {
  it('has aligned columns, a line per tool, and says what each kind means', () => {
    const tools = withGuard({ weather, webSearch, askUser }, allowAll());
    const report = coverageOf({ model: 'm', tools, prepareCall: () => ({}) });
    expect(coverageTable(report)).toBe(
      [
        'tool       coverage           verdict  what to do',
        'weather    guarded            allow    -',
        'webSearch  provider-executed  -        wrapLanguageModel({ model, middleware: providerToolMiddleware(guard) })',
        'askUser    client-side        -        pass toolApproval of guardOptions(), and treat its results as input of the user',
        '',
        'guarded: the guard can decide, ask, audit and stop every call, inside execute; it cannot see what its body calls in turn: tools of a sub-agent are guarded by wrapping them.',
        'provider-executed: the guard can withhold the tool from the provider, and audit or veto what comes back; it cannot see the call before it has run, or ask about it.',
        'client-side: the guard can give a verdict before the call is sent, with toolApproval of ai 7 only; it cannot see the call run, or trust what comes back: it is posted by the client.',
        '',
        '! prepareCall: the guard cannot see which tools and which toolApproval it returns: they replace the ones above; pass the tools that it returns through withGuard().',
        '',
        'Not everything listed is behind a guard.',
      ].join('\n'),
    );
  });

  it('keeps a line per tool whatever the tools are called', () => {
    const hostile = {
      'x\nweather  guarded  allow': weather,
      ['y'.repeat(10_000)]: weather,
      '\u202Egpj': weather,
      constructor: weather,
    };
    Object.defineProperty(hostile, '__proto__', { value: weather, enumerable: true });
    const lines = coverageTable(coverageOf(hostile)).split('\n');
    expect(lines.slice(0, 7)).toEqual([
      expect.stringMatching(/^tool +coverage +verdict +what to do$/),
      expect.stringMatching(/^x\\u\{a\}weather {2}guarded {2}allow +unguarded/),
      expect.stringMatching(/^y{39}… +unguarded/),
      expect.stringMatching(/^\\u\{202e\}gpj +unguarded/),
      expect.stringMatching(/^constructor +unguarded/),
      expect.stringMatching(/^__proto__ +unguarded/),
      '',
    ]);
    expect(coverageTable(coverageOf({}))).toContain('(no tools)');
  });
});
