import { says } from '../script.ts';
import type { Situation } from '../situation.ts';
import { loggingTool } from './city-tool.ts';
import { turn } from './turn.ts';

const CITIES = ['Bern', 'Basel', 'Chur'];
const steps = [says(...CITIES.map((city) => ({ tool: 'weather', id: city, args: { city } })))];

/** Calls of one step that end in the given order. */
function ending(order: readonly string[], more: Partial<ReturnType<Situation['setUp']>> = {}) {
  return (world: Parameters<Situation['setUp']>[0]) => {
    const ended = Promise.withResolvers<void>();
    let left = 0;
    return {
      tools: {
        weather: loggingTool(world, async ({ city }) => {
          left += 1;
          if (left === CITIES.length) ended.resolve();
          await ended.promise;
          for (let before = 0; before <= order.indexOf(city) * 3; before += 1) await turn();
          world.log('ends', city);
          if (city === 'Chur') throw new Error('snowed in');
          return `sunny in ${city}`;
        }),
      },
      steps,
      ...more,
    };
  };
}

export const parallel: readonly Situation[] = [
  { name: 'parallel calls that end in order', setUp: ending(CITIES) },
  { name: 'parallel calls that end in reverse', setUp: ending(CITIES.toReversed()) },
  { name: 'parallel calls with the middle one last', setUp: ending(['Chur', 'Bern', 'Basel']) },
  {
    name: 'calls one after the other',
    versions: ['ai 7'],
    setUp: (world) => ({
      tools: { weather: loggingTool(world, async ({ city }) => `sunny in ${city}`) },
      steps,
      settings: { toolCallConcurrency: 1 },
    }),
  },
  {
    name: 'two calls with the same id',
    setUp: (world) => ({
      tools: { weather: loggingTool(world) },
      steps: [
        says(
          { tool: 'weather', id: 'same' },
          { tool: 'weather', id: 'same', args: { city: 'Ulm' } },
        ),
      ],
    }),
  },
];
