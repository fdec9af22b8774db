import type { CallInput, Guard, GuardedTool } from '@guardstile/core';

import { isReplayed } from './approval-answer.ts';
import { callInput, optionsOf } from './call-input.ts';
import { idOf } from './conversation.ts';
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
    const asked = await demanded(demand, input, given);
    const call = callInput(guard, tool, input, options, asked);
    if (!isReplayed(options.messages, idOf(options.toolCallId))) {
      return (await tool.open(call)).decision.effect === 'ask';
    }
    // With an answer nothing is opened: that would let a client approve its own forgery.
    const answer = call.answer ?? 'voted';
    const { decision } = await tool.open({ ...call, answer });
    // What is asked or denied by now, `execute` refuses or runs, and says why.
    if (decision.effect !== 'allow') return true;
    return wasOpened(tool, { ...callInput(guard, tool, input, options, true), answer }, given);
  };
}

/**
 * Whether the guard opened an approval for a call that the policy allows by now; never because a
 * history says so.
 */
async function wasOpened(tool: GuardedTool, claimed: CallInput, given: unknown): Promise<boolean> {
  const { decision } = await tool.open(claimed);
  if (decision.effect !== 'deny' || decision.code !== 'approval_unknown') return true;
  // SDK 6 then refuses by itself, and the log would never hear of it. SDK 7 runs the call, and
  // `execute` refuses.
  if ('experimental_context' in optionsOf(given)) await tool.open(claimed, { final: true });
  return false;
}
