import type { ToolSet } from 'ai';
import * as z from 'zod';
import { says } from '../script.ts';
import type { ModelStep } from '../../conformance/ai-sdk/sdk.ts';
import type { Situation, World } from '../situation.ts';
import { City, loggingTool } from './city-tool.ts';

const steps = [says({ tool: 'weather' }), says({ tool: 'weather', id: 'again' })];

/** A tool with something more than description, schema and body. */
function having(
  name: string,
  more: object,
  versions?: Situation['versions'],
  settings: Readonly<Record<string, unknown>> = {},
): Situation {
  return {
    name: `a tool with ${name}`,
    ...(versions === undefined ? {} : { versions }),
    setUp: (world) => ({
      tools: { weather: loggingTool(world, undefined, more) },
      steps,
      settings,
    }),
  };
}

const context = { tenant: 'acme', units: { of: 'celsius' } };

/** As some write tools: methods, private state, members that are made when they are read. */
class WeatherTool {
  readonly #log: World['log'];
  readonly inputSchema = City;
  constructor(log: World['log']) {
    this.#log = log;
  }
  get description(): string {
    return 'About a city';
  }
  execute({ city }: z.infer<typeof City>, options: object): string {
    this.#log('body', options);
    return `sunny in ${city}`;
  }
  toModelOutput(): object {
    this.#log('toModelOutput');
    return { type: 'text', value: 'mild' };
  }
}

/** A tool that the provider runs, and what it says of it. */
const searched: ModelStep = (() => {
  const call = { toolCallId: 'search', toolName: 'search', providerExecuted: true } as const;
  const parts = [
    { type: 'tool-call', ...call, input: '{"query":"Bern"}' } as const,
    { type: 'tool-result', ...call, result: 'a capital' } as const,
  ];
  return { content: [...parts], streamed: [...parts] };
})();

interface Wrapped {
  readonly toolCallId: string;
  readonly execute: () => PromiseLike<unknown>;
}

export const kinds: readonly Situation[] = [
  {
    name: 'a tool that is an instance of a class',
    setUp: ({ log }) => ({
      tools: { weather: new WeatherTool(log) as ToolSet[string] },
      steps,
    }),
  },
  {
    name: 'frozen tools without a prototype around them',
    setUp: (world) => {
      const tools = Object.create(null) as ToolSet;
      tools['weather'] = Object.freeze(loggingTool(world, undefined, { _meta: { from: 'mcp' } }));
      return { tools: Object.freeze(tools), steps };
    },
  },
  {
    name: 'tools with unusual names',
    setUp: (world) => ({
      tools: Object.fromEntries(
        ['constructor', 'with space', 'toString', ' '].map((name) => [name, loggingTool(world)]),
      ),
      steps: [
        says({ tool: 'constructor' }),
        says({ tool: 'with space' }),
        says({ tool: 'valueOf' }),
      ],
    }),
  },
  {
    name: 'a tool that the provider runs',
    setUp: (world) => ({
      tools: {
        weather: loggingTool(world),
        search: {
          type: world.sdk.name === 'ai 5' ? 'provider-defined' : 'provider',
          id: 'some.search',
          name: 'search',
          args: {},
          isProviderExecuted: true,
          inputSchema: z.object({ query: z.string() }),
        } as ToolSet[string],
      },
      steps: [searched, ...steps],
    }),
  },
  {
    name: 'telemetry that wraps the execution of tools',
    versions: ['ai 7'],
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps,
      settings: {
        telemetry: {
          integrations: [
            {
              executeTool: async ({ toolCallId, execute }: Wrapped) => {
                world.log('before', toolCallId);
                const result = await execute();
                world.log('after', toolCallId);
                return result;
              },
            },
          ],
        },
      },
    }),
  },
  having('a sandbox of the run', {}, ['ai 7'], { experimental_sandbox: { description: 'a box' } }),
  having('type dynamic', { type: 'dynamic' }),
  having('an output schema', { outputSchema: z.string() }),
  having('options for the provider', { providerOptions: { some: { cache: true } } }),
  having(
    'examples and strictness',
    { strict: true, inputExamples: [{ input: { city: 'Bern' } }] },
    ['ai 6', 'ai 7'],
  ),
  having('a title and metadata', { title: 'Weather', metadata: { from: 'here' } }, [
    'ai 6',
    'ai 7',
  ]),
  having('a description made for the call', { description: () => 'made' }, ['ai 7']),
  having(
    'a body of its own for a tool of the provider',
    {
      type: 'provider',
      id: 'some.weather',
      isProviderExecuted: false,
      args: { units: 'metric' },
    },
    ['ai 6', 'ai 7'],
  ),
  having(
    'a body of its own for a tool that the provider defined',
    {
      type: 'provider-defined',
      id: 'some.weather',
      name: 'weather',
      args: { units: 'metric' },
    },
    ['ai 5'],
  ),
  having('a context of the run', {}, undefined, {
    experimental_context: context,
    runtimeContext: context,
  }),
  having(
    'a context of its own',
    { contextSchema: z.object({ tenant: z.string(), units: z.object({ of: z.string() }) }) },
    ['ai 7'],
    { toolsContext: { weather: context } },
  ),
  having('a time limit that it keeps', {}, ['ai 7'], { timeout: { toolMs: 60_000 } }),
];
