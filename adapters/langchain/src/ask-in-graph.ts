import { type Approval, type CallInput, type GuardedTool, isGuardError } from '@guardstile/core';

import { type GraphTask, graphTask, type NoTask } from './graph-task.ts';
import { interruptAsk } from './interrupt-ask.ts';
import { interruptPayload } from './interrupt-payload.ts';
import { readAnswer, voteOf } from './interrupt-vote.ts';
import { hasRunOut } from './ran-out.ts';
import type { ToolConfig } from './tool-shape.ts';

/** The input to run a call with, and whether people have said what its guard needs them to say. */
export interface Asked {
  readonly input: CallInput;
  readonly approved: boolean;
}

/**
 * Inside a graph an ask is an interrupt, and what the graph is resumed with is the requester's vote.
 * What runs is decided by the votes alone, never by the state of the graph.
 *
 * @throws what suspends the graph until there is an answer.
 */
export async function askInGraph(
  tool: GuardedTool,
  given: CallInput,
  config: ToolConfig | undefined,
): Promise<Asked> {
  const effect = tool.fixed()?.effect;
  const demanded = given.demands !== undefined && given.demands.length > 0;
  const task =
    effect === 'deny' || (effect === 'allow' && !demanded) ? 'no graph' : await taskOf(config);
  // Nobody can be asked without a checkpointer either: an approval opened here would wait forever.
  if (typeof task === 'string') return { input: given, approved: false };
  // Without an id of its own the answer to the call could not be told from others.
  const input = given.id === undefined ? { ...given, id: `task ${task.id}` } : given;
  if (await hasRunOut(tool, input, task)) {
    return { input: { ...input, answer: 'voted' }, approved: false };
  }
  const { decision, approval } = await tool.open(input);
  if (approval === undefined) {
    // A vote that was cast already says best why nothing runs.
    const voted = decision.effect === 'deny' && decision.code.startsWith('approval_');
    return { input: voted ? { ...input, answer: 'voted' } : input, approved: false };
  }
  const settled = await settle(tool, input, approval, task);
  return { input: { ...input, answer: 'voted' }, approved: settled?.state === 'approved' };
}

/** Asks until there is nothing left to ask. The call is decided on the votes afterwards. */
async function settle(
  tool: GuardedTool,
  input: CallInput,
  first: Approval,
  task: GraphTask,
): Promise<Approval | undefined> {
  let approval = first;
  while (approval.state === 'pending') {
    const payload = interruptPayload(approval, { edits: false });
    const answer = readAnswer(await interruptAsk(task, payload), approval.aid);
    try {
      approval = await tool.vote({ ...input, answer: voteOf(answer) });
    } catch (error) {
      // Denied, expired or used meanwhile: the call itself is refused for it.
      if (isGuardError(error)) return undefined;
      throw error;
    }
  }
  return approval;
}

/** The graph's `interrupt()`, which older versions do not pass along. */
async function taskOf(config: ToolConfig | undefined): Promise<GraphTask | NoTask> {
  const { interrupt } = { ...config } as { readonly interrupt?: unknown };
  if (interrupt !== undefined || config?.configurable === undefined) {
    return graphTask(config, interrupt);
  }
  if (!Object.hasOwn(config.configurable, '__pregel_scratchpad')) return 'no graph';
  try {
    return graphTask(config, (await import('@langchain/langgraph')).interrupt);
  } catch {
    return 'no graph';
  }
}
