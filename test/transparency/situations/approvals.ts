import type { World } from '../situation.ts';
import { says } from '../script.ts';
import type { Situation } from '../situation.ts';
import { loggingTool } from './city-tool.ts';

const versions: Situation['versions'] = ['ai 7', 'ai 6'];
const steps = [says('let me see', { tool: 'refund' }, { tool: 'weather' }), says('thank you')];

type Demand = boolean | ((...given: unknown[]) => unknown);

function demanding(
  name: string,
  demandOf: (world: World) => Demand,
  more: Partial<ReturnType<Situation['setUp']>> = {},
): Situation {
  return {
    name,
    versions,
    setUp: (world) => ({
      tools: {
        refund: loggingTool(world, ({ city }) => `paid in ${city}`, {
          needsApproval: demandOf(world),
        }),
        weather: loggingTool(world),
      },
      steps,
      ...more,
    }),
  };
}

/**
 * Demands of the tools themselves. A guard that allows everything takes nothing away from what a tool itself demands: the SDK asks as
 * it does without the guard, and after an honest answer everything is as without it, too.
 */
export const approvals: readonly Situation[] = [
  demanding('a tool that needs approval and gets no answer', () => true),
  demanding('a tool that needs approval and gets it', () => true, { answer: 'approve' }),
  demanding('a tool that needs approval and is denied it', () => true, { answer: 'deny' }),
  demanding('a tool that needs no approval', () => false),
  demanding('a tool that says by call that it needs approval', ({ log }) => (input, given) => {
    log('needsApproval', input, given);
    return true;
  }),
  demanding(
    'a tool that says by call that it needs approval, and gets it',
    () => async () => true,
    { answer: 'approve' },
  ),
  {
    name: 'a tool that says by call that it needs no approval',
    versions,
    setUp: (world) => ({
      tools: { refund: loggingTool(world, undefined, { needsApproval: async () => false }) },
      steps: [says({ tool: 'refund' })],
    }),
  },
  demanding('approvals that the caller demands and nobody answers', () => false, {
    settings: { toolApproval: { refund: 'user-approval' } },
  }),
  demanding('a denial by the caller', () => false, {
    settings: { toolApproval: { refund: { type: 'denied', reason: 'not today' } } },
  }),
  demanding('a signed approval', () => true, {
    answer: 'approve',
    settings: { experimental_toolApprovalSecret: 'for this test only' },
  }),
];
