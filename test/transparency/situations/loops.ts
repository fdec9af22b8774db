import * as z from 'zod';
import { says } from '../script.ts';
import type { Situation } from '../situation.ts';
import { cityTool, loggingTool } from './city-tool.ts';

const again = (id: string) => says({ tool: 'weather', id });

interface Prepared {
  readonly stepNumber: number;
}

interface Repair {
  readonly toolCall: { readonly toolName: string; readonly input: string };
  readonly error: Error;
}

export const loops: readonly Situation[] = [
  {
    name: 'a loop that a condition stops',
    setUp: (world) => ({
      tools: { weather: loggingTool(world), stop: cityTool(() => 'stopped') },
      steps: [again('a'), again('b'), says({ tool: 'stop' }), again('c')],
      settings: { stopWhen: world.sdk.hasToolCall('stop') },
    }),
  },
  {
    name: 'a loop that the number of its steps stops',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [again('a'), again('b'), again('c')],
      settings: { stopWhen: world.sdk.stopAfter(2) },
    }),
  },
  {
    name: 'prepareStep that chooses tools by step',
    setUp: (world) => ({
      tools: { weather: loggingTool(world), traffic: loggingTool(world) },
      steps: [again('a'), says({ tool: 'traffic' }), says({ tool: 'traffic', id: 'hidden' })],
      settings: {
        prepareStep: ({ stepNumber }: Prepared) => {
          world.log('prepareStep', stepNumber);
          return { activeTools: stepNumber === 1 ? ['traffic'] : ['weather'] };
        },
      },
    }),
  },
  {
    name: 'activeTools and toolChoice',
    setUp: (world) => ({
      tools: { weather: loggingTool(world), traffic: loggingTool(world) },
      steps: [says({ tool: 'weather' }), says({ tool: 'traffic' })],
      settings: { activeTools: ['weather'], toolChoice: 'required' },
    }),
  },
  {
    name: 'a structured output beside tools',
    setUp: (world) => {
      const output = world.sdk.Output.object({ schema: z.object({ degrees: z.number() }) });
      return {
        tools: { weather: loggingTool(world) },
        steps: [says({ tool: 'weather' }), says('{"degrees": 21}')],
        settings: { output, experimental_output: output },
      };
    },
  },
  {
    name: 'a structured output that does not come',
    setUp: (world) => {
      const output = world.sdk.Output.object({ schema: z.object({ degrees: z.number() }) });
      return {
        tools: { weather: loggingTool(world) },
        steps: [says({ tool: 'weather' }), says('mild')],
        settings: { output, experimental_output: output },
      };
    },
  },
  {
    name: 'a smoothed stream',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [says('let me look', { tool: 'weather' }), says('it is rather mild')],
      settings: { experimental_transform: world.sdk.smoothStream({ delayInMs: null }) },
    }),
  },
  {
    name: 'a repaired call',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [
        says({ tool: 'wether' }),
        says({ tool: 'weather', id: 'bad', args: { town: 'Bern' } }),
      ],
      settings: {
        experimental_repairToolCall: async ({ toolCall, error }: Repair) => {
          world.log('repair', toolCall, error);
          return { ...toolCall, toolName: 'weather', input: '{"city":"Chur"}' };
        },
      },
    }),
  },
  {
    name: 'a repair that gives up, and one that fails',
    setUp: (world) => {
      let repaired = 0;
      return {
        tools: { weather: loggingTool(world) },
        steps: [says({ tool: 'wether' }), says({ tool: 'wether', id: 'again' })],
        settings: {
          experimental_repairToolCall: async () => {
            repaired += 1;
            if (repaired > 1) throw new Error('beyond repair');
            return null;
          },
        },
      };
    },
  },
  {
    name: 'input that is refined',
    versions: ['ai 7'],
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [says({ tool: 'weather' })],
      settings: {
        experimental_refineToolInput: { weather: () => ({ city: 'Chur' }) },
      },
    }),
  },
  {
    name: 'a schema that transforms',
    setUp: (world) => ({
      tools: {
        weather: loggingTool(world, (args) => args, {
          inputSchema: z.object({
            city: z.string().transform((city) => city.length),
            at: z.string().transform((at) => new Date(at)),
            days: z.number().default(3),
          }),
        }),
      },
      steps: [says({ tool: 'weather', args: { city: 'Bern', at: '2026-01-02T00:00:00.000Z' } })],
    }),
  },
  {
    name: 'a JSON schema',
    setUp: (world) => ({
      tools: {
        weather: loggingTool(world, undefined, {
          inputSchema: world.sdk.jsonSchema({
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
          }),
        }),
      },
      steps: [says({ tool: 'weather' }), says({ tool: 'weather', id: 'any', args: { town: 1 } })],
    }),
  },
  {
    name: 'system messages, and a history with calls',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [again('new')],
      messages: [
        { role: 'user', content: 'how is it' },
        {
          role: 'assistant',
          content: [
            { type: 'tool-call', toolCallId: 'old', toolName: 'weather', input: { city: 'Ulm' } },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: 'old',
              toolName: 'weather',
              output: { type: 'text', value: 'rain' },
            },
          ],
        },
        { role: 'user', content: 'and now' },
      ],
      settings: { system: 'Be brief.', instructions: 'Be brief.' },
    }),
  },
];
