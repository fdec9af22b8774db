import { says } from '../script.ts';
import type { Situation, World } from '../situation.ts';
import { cityTool, type GivenOptions, loggingTool } from './city-tool.ts';
import { turn } from './turn.ts';

const REASONS: ReadonlyArray<readonly [string, unknown]> = [
  ['', undefined],
  [' for a reason', new Error('the user left')],
];

const steps = [says({ tool: 'weather' })];

/** What a well-behaved body does: it ends when its signal says so. */
function untilAborted({ log }: World, { abortSignal }: GivenOptions): Promise<never> {
  return new Promise((_, reject) => {
    const gone = () => {
      log('told to end', abortSignal?.reason);
      reject(abortSignal?.reason as Error);
    };
    if (abortSignal?.aborted === true) gone();
    abortSignal?.addEventListener('abort', gone, { once: true });
  });
}

export const aborts: readonly Situation[] = REASONS.flatMap(
  ([how, reason]): readonly Situation[] => [
    {
      name: `an abort before the run${how}`,
      setUp: (world) => {
        world.controller.abort(reason);
        return { tools: { weather: cityTool(() => 'sunny') }, steps };
      },
    },
    {
      name: `an abort before the tool${how}`,
      setUp: (world) => ({
        tools: { weather: cityTool(() => 'sunny') },
        steps: [
          () => {
            world.controller.abort(reason);
            return says({ tool: 'weather' });
          },
        ],
      }),
    },
    {
      name: `an abort during a tool that ends with it${how}`,
      setUp: (world) => ({
        tools: {
          weather: loggingTool(world, async (_, options) => {
            const ended = untilAborted(world, options);
            world.controller.abort(reason);
            return ended;
          }),
        },
        steps,
      }),
    },
    {
      name: `an abort during a tool in a later turn${how}`,
      setUp: (world) => ({
        tools: {
          weather: loggingTool(world, async (_, options) => {
            const ended = untilAborted(world, options);
            await turn();
            world.controller.abort(reason);
            return ended;
          }),
        },
        steps,
      }),
    },
    {
      name: `an abort after the tool${how}`,
      setUp: (world) => ({
        tools: { weather: loggingTool(world) },
        steps: [
          ...steps,
          () => {
            world.controller.abort(reason);
            return says('too late');
          },
        ],
      }),
    },
  ],
);
