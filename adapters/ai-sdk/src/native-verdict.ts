import { type Decision, type Guard, type GuardedTool, visible } from '@guardstile/core';

import { isReplayed } from './approval-answer.ts';
import { callInput, type SdkCall } from './call-input.ts';
import type { CallerVerdict } from './caller-approval.ts';
import { idOf } from './conversation.ts';
import { type Demand, demanded } from './demand.ts';
import type { Known } from './known-execute.ts';
import { demandOptions, type NativeCall } from './native-call.ts';
import type { ToolShape } from './tool-shape.ts';

/** What SDK 7 understands as the answer to whether a call needs approval. */
export type ToolApprovalStatus =
  | undefined
  | { readonly type: 'approved'; readonly reason?: string }
  | { readonly type: 'denied'; readonly reason?: string }
  | { readonly type: 'user-approval'; readonly reason: string };

/** A call of one tool, for one guard. */
export interface Asked {
  readonly guard: Guard;
  readonly handle: GuardedTool;
  readonly tool: ToolShape;
  readonly native: NativeCall;
  readonly demand: Demand | undefined;
  readonly caller: CallerVerdict;
}

/** A call that is denied here never reaches `execute`, which would write it down. */
export const FINAL = { final: true } as const;
const SILENT: CallerVerdict = { type: 'not-applicable' };

/** The verdict of the guard that stands in the tool's `execute`, and of those behind it. */
export async function nativeVerdict(
  known: Known,
  asked: Omit<Asked, 'guard' | 'handle'>,
): Promise<ToolApprovalStatus> {
  const { guard, tool: handle, inner } = known;
  const own = await guardedVerdict({ ...asked, guard, handle });
  if (own?.type === 'denied' || inner === undefined) return own;
  const behind = { ...asked, demand: inner.body.demand, caller: SILENT };
  const other = await nativeVerdict(inner, behind);
  return other?.type === 'denied' || own === undefined ? other : own;
}

async function guardedVerdict(asked: Asked): Promise<ToolApprovalStatus> {
  // Whom to ask, and what a claimed approval is worth, `execute` finds out.
  if (isResumed(asked.native) || asked.guard.canAsk) return denialOnly(asked);
  const { decision } = await asked.handle.open(await callOf(asked), FINAL);
  return statusOf(decision);
}

/** A denial, if the call is denied whatever anybody answers. Opens nothing. */
export async function denialOnly(asked: Asked): Promise<ToolApprovalStatus> {
  const call = await callOf(asked);
  // With an answer nothing is opened, and where somebody has to be asked the answer is not known.
  const answered = { ...call, answer: call.answer ?? 'voted' } as const;
  const { decision } = await asked.handle.open(answered);
  if (decision.effect !== 'deny' || decision.code === 'approval_unknown') return undefined;
  return statusOf((await asked.handle.open(answered, FINAL)).decision);
}

/** Whether the SDK is about to run the call because an approval is claimed for it. */
export function isResumed(native: NativeCall): boolean {
  return isReplayed(native.messages, idOf(native.toolCall.toolCallId));
}

/** The call with everything that restricts it besides the policy. */
export async function callOf(asked: Asked): Promise<SdkCall> {
  const { guard, handle, native, caller } = asked;
  const { messages, toolCall } = native;
  const options = {
    toolCallId: toolCall.toolCallId,
    ...(messages === undefined ? {} : { messages }),
  };
  const call = callInput(guard, handle, toolCall.input, options, await asksItself(asked));
  const demand = callerDemand(caller, guard.canAsk);
  return demand === undefined ? call : { ...call, demands: [...(call.demands ?? []), demand] };
}

/** Whether the tool's own `needsApproval` wants a person. */
export async function asksItself({ demand, tool, native }: Asked): Promise<boolean> {
  if (typeof demand !== 'function') return demand === true;
  try {
    return await demanded(demand, native.toolCall.input, await demandOptions(tool, native));
  } catch {
    return true; // a tool that cannot say wants it
  }
}

function callerDemand({ type, reason }: CallerVerdict, canAsk: boolean) {
  // What the application says to the model is the application's.
  const said = reason ?? "the application's toolApproval denies it";
  if (type === 'denied') return { effect: 'deny', reason: said } as const;
  const because = reason === undefined ? '' : `: ${reason}`;
  if (type !== 'user-approval') return undefined;
  if (!canAsk) {
    return { effect: 'ask', reason: `the application's toolApproval asks${because}` } as const;
  }
  return {
    effect: 'deny',
    reason: `the application's toolApproval asks the user${because}, and the guard asks an approver of its own; leave the asking to one of them`,
  } as const;
}

/** The decision in the SDK's words. */
export function statusOf({ effect, reason }: Decision): ToolApprovalStatus {
  if (effect === 'allow') return undefined;
  return { type: effect === 'deny' ? 'denied' : 'user-approval', reason: visible(reason) };
}
