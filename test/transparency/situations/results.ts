import type { Situation } from '../situation.ts';
import { says } from '../script.ts';
import { cityTool, loggingTool } from './city-tool.ts';

class Weather {
  readonly #degrees = 21;
  readonly city: string;
  constructor(city: string) {
    this.city = city;
  }
  get degrees(): number {
    return this.#degrees;
  }
  toJSON(): object {
    return { city: this.city, degrees: this.#degrees };
  }
}

const one = [says({ tool: 'weather' })];

/** A situation with one call of a tool with this body. */
function returning(name: string, body: Parameters<typeof cityTool>[0]): Situation {
  return {
    name: `a result that is ${name}`,
    setUp: (world) => ({ tools: { weather: loggingTool(world, body) }, steps: one }),
  };
}

export const results: readonly Situation[] = [
  { name: 'no call at all', setUp: () => ({ tools: { weather: cityTool(() => 'x') }, steps: [] }) },
  { name: 'no tools', setUp: () => ({ tools: {}, steps: [] }) },
  returning('a value', ({ city }) => `sunny in ${city}`),
  returning('a promise', async ({ city }) => `sunny in ${city}`),
  returning('undefined', () => undefined),
  returning('null', async () => null),
  returning('an empty text', () => ''),
  returning('a structure', () => ({ list: [1, null, { deep: true }], none: undefined })),
  returning('an instance of a class', ({ city }) => new Weather(city)),
  returning('not JSON', () => ({
    at: new Date(0),
    map: new Map([['a', 1]]),
    bytes: new Uint8Array([1, 2]),
  })),
  returning('a promise-like', () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- what the SDK awaits need not be a promise
    then: (resolve: (value: string) => void) => resolve('later'),
  })),
  returning('frozen', () => Object.freeze({ a: Object.freeze([1]) })),
  {
    name: 'the very object that the body returned',
    setUp: ({ log }) => {
      const value = { a: 1 };
      return {
        tools: { weather: cityTool(() => value) },
        steps: one,
        settings: {
          onStepFinish: ({ toolResults }: { toolResults: ReadonlyArray<{ output: unknown }> }) =>
            log('same object', toolResults[0]?.output === value),
        },
      };
    },
  },
  {
    name: 'a tool without execute',
    setUp: () => ({
      tools: { weather: cityTool(() => 'sunny'), locate: cityTool(undefined) },
      steps: [says({ tool: 'weather' }, { tool: 'locate' })],
    }),
  },
  {
    name: 'a text beside a call, and several steps',
    setUp: (world) => ({
      tools: { weather: loggingTool(world), traffic: loggingTool(world, async () => 'none') },
      steps: [
        says('let me see', { tool: 'weather' }),
        says({ tool: 'traffic' }, 'meanwhile'),
        says({ tool: 'weather', id: 'again', args: { city: 'Basel' } }),
        says('and once more', { tool: 'traffic', id: 'last' }),
      ],
    }),
  },
];
