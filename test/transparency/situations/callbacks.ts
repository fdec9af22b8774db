import { AsyncLocalStorage } from 'node:async_hooks';
import { says } from '../script.ts';
import type { Situation, World } from '../situation.ts';
import { cityTool, loggingTool } from './city-tool.ts';

const NAMES = [
  'onStart',
  'experimental_onStart',
  'onStepStart',
  'experimental_onStepStart',
  'onToolExecutionStart',
  'experimental_onToolCallStart',
  'onToolExecutionEnd',
  'experimental_onToolCallFinish',
  'onStepFinish',
  'onFinish',
  'onError',
  'onAbort',
];

/** Callbacks of all versions that write down everything they are told. */
function everyCallback({ log }: World): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    NAMES.map((name) => [name, (event: object) => log(name, withoutTools(event))]),
  );
}

/** Some events hold the tools themselves, which are the guarded ones; their shape has its own test. */
function withoutTools(event: object): object {
  return { ...event, ...('tools' in event ? { tools: Object.keys(event.tools as object) } : {}) };
}

/** What a tool is told of its input before it runs. */
function inputCallbacks({ log }: World) {
  return {
    onInputStart: (options: object) => log('onInputStart', options),
    onInputDelta: (options: object) => log('onInputDelta', options),
    onInputAvailable: (options: object) => log('onInputAvailable', options),
  };
}

export const callbacks: readonly Situation[] = [
  {
    name: 'every callback',
    setUp: (world) => ({
      tools: {
        weather: loggingTool(world),
        broken: loggingTool(world, () => {
          throw new Error('no such city');
        }),
      },
      steps: [says('let me see', { tool: 'weather' }), says({ tool: 'broken' })],
      settings: everyCallback(world),
    }),
  },
  {
    // By itself: chunks are told of while calls run, in no order between the two.
    name: 'every chunk',
    setUp: (world) => ({
      tools: { weather: cityTool(async () => 'sunny') },
      steps: [says('let me see', { tool: 'weather' })],
      settings: { onChunk: (event: object) => world.log('onChunk', event) },
    }),
  },
  {
    name: 'callbacks of the input',
    setUp: (world) => ({
      tools: { weather: loggingTool(world, undefined, inputCallbacks(world)) },
      steps: [says({ tool: 'weather' }), says({ tool: 'weather', id: 'bad', args: {} })],
    }),
  },
  {
    name: 'toModelOutput',
    setUp: (world) => {
      const own: ReturnType<typeof loggingTool> = loggingTool(world, () => ({ degrees: 21 }), {
        toModelOutput(this: unknown, ...given: unknown[]) {
          world.log('toModelOutput', given);
          return { type: 'content', value: [{ type: 'text', text: 'It is 21 degrees.' }] };
        },
      });
      return { tools: { weather: own }, steps: [says({ tool: 'weather' })] };
    },
  },
  {
    name: 'bodies in the asynchronous context of the run',
    setUp: (world) => {
      const storage = new AsyncLocalStorage<string>();
      storage.enterWith('request 1');
      return {
        tools: {
          weather: loggingTool(world, async () => {
            world.log('store', storage.getStore());
            return storage.run('inner', async () => storage.getStore());
          }),
        },
        steps: [says({ tool: 'weather' })],
      };
    },
  },
];
