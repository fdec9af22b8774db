import type { Guard, GuardedTool } from '@guardstile/core';

import { isReplayed } from './approval-answer.ts';
import { callInput, optionsOf } from './call-input.ts';
import { type Demand, demanded } from './demand.ts';

/** A `needsApproval` of a guard. */
export type NativeApproval = (input: unknown, options: unknown) => Promise<boolean>;

/**
 * Where nobody in this process can be asked, the SDK asks: with its own approval parts, for calls
 * whose approval the guard has opened. Execution stays guarded either way. `inner` is that of
 * another guard around the same tool, which has to open its own approval.
 */
export function nativeApproval(
  guard: Guard,
  tool: GuardedTool,
  demand: Demand | undefined,
  inner: NativeApproval | undefined,
): NativeApproval | undefined {
  const fixed = tool.fixed();
  if (fixed?.effect === 'deny') return undefined;
  const never = guard.canAsk || (fixed?.effect === 'allow' && demand === undefined);
  const own = never ? undefined : opening(guard, tool, demand);
  if (own === undefined || inner === undefined) return own ?? inner;
  return async (input, options) => {
    const answers = [await inner(input, options), await own(input, options)];
    return answers.includes(true);
  };
}

function opening(guard: Guard, tool: GuardedTool, demand: Demand | undefined): NativeApproval {
  return async (input, given) => {
    const options = optionsOf(given);
    // Opening an approval for a call out of the history would let a client approve its own forgery.
    if (isReplayed(options.messages, options.toolCallId)) return true;
    const asked = await demanded(demand, input, given);
    const { decision } = await tool.open(callInput(guard, tool, input, options, asked));
    return decision.effect === 'ask';
  };
}
