import { says } from '../script.ts';
import type { Situation } from '../situation.ts';
import { cityTool, loggingTool } from './city-tool.ts';

class QuotaError extends Error {
  override readonly name = 'QuotaError';
  readonly left = 0;
}

/** The same object in every run, so that a copy of it shows. */
const thrown = new QuotaError('the quota is spent', { cause: new TypeError('no credit') });

const THROWN: ReadonlyArray<readonly [string, unknown]> = [
  ['an error of its own class', thrown],
  ['a text', 'no such city'],
  ['undefined', undefined],
  ['an object', { code: 404 }],
  ['an abort of its own', new DOMException('gave up', 'AbortError')],
];

const one = [says({ tool: 'weather' }), says({ tool: 'weather', id: 'again' })];

export const errors: readonly Situation[] = [
  ...THROWN.flatMap(([what, error]): readonly Situation[] => [
    {
      name: `a body that throws ${what}`,
      setUp: (world) => ({
        tools: {
          weather: loggingTool(world, () => {
            throw error;
          }),
        },
        steps: one,
        settings: { onStepFinish: sameErrorIn(world.log, error) },
      }),
    },
    {
      name: `a body that rejects with ${what}`,
      setUp: (world) => ({
        tools: { weather: loggingTool(world, () => Promise.reject(error)) },
        steps: one,
        settings: { onStepFinish: sameErrorIn(world.log, error) },
      }),
    },
  ]),
  {
    name: 'input that does not fit the schema',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [says({ tool: 'weather', args: { city: 7 } }), says({ tool: 'weather', id: 'again' })],
    }),
  },
  {
    name: 'input that is no JSON',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [says({ tool: 'weather', raw: '{"city": ' })],
    }),
  },
  {
    name: 'a tool that does not exist',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [says({ tool: 'wether' }), says({ tool: 'constructor', id: 'inherited' })],
    }),
  },
  {
    name: 'a model that fails after a call',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [
        says({ tool: 'weather' }),
        () => {
          throw new Error('the provider is down');
        },
      ],
    }),
  },
  {
    name: 'toModelOutput that throws',
    setUp: () => ({
      tools: {
        weather: cityTool(() => 'sunny', {
          toModelOutput: () => {
            throw new Error('cannot say');
          },
        }),
      },
      steps: [says({ tool: 'weather' })],
    }),
  },
];

interface Ended {
  readonly content: ReadonlyArray<{ readonly type: string; readonly error?: unknown }>;
}

function sameErrorIn(log: (what: string, same: boolean) => void, thrownError: unknown) {
  return ({ content }: Ended) => {
    for (const part of content) {
      if (part.type === 'tool-error') log('the very error', part.error === thrownError);
    }
  };
}
