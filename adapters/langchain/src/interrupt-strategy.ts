import { type Approval, type CallInput, type GuardedTool, isGuardError } from '@guardstile/core';

import type { AskStrategy } from './ask-strategy.ts';
import { type GraphTask, graphTask, type NoTask } from './graph-task.ts';
import { type InterruptAnswer, interruptAnswer } from './interrupt-answer.ts';
import { AMBIGUOUS, interruptAsk } from './interrupt-ask.ts';
import { interruptPayload } from './interrupt-payload.ts';
import type { ToolConfig } from './tool-shape.ts';

const CHANNEL = 'langgraph';

/**
 * Inside a graph an ask is an interrupt, and what the graph is resumed with is the requester's vote.
 * What runs is decided by the votes alone, never by the state of the graph.
 */
export const interruptStrategy: AskStrategy = async ({ tool, input: given, config }) => {
  const effect = tool.fixed()?.effect;
  const demanded = given.demands !== undefined && given.demands.length > 0;
  if (effect === 'deny' || (effect === 'allow' && !demanded)) return given;
  const task = await taskOf(config);
  // Nobody can be asked without a checkpointer either: an approval opened here would wait forever.
  if (typeof task === 'string') return given;
  // Without an id of its own the answer to the call could not be told from others.
  const input = given.id === undefined ? { ...given, id: `task ${task.id}` } : given;
  const { decision, approval } = await tool.open(input);
  if (approval === undefined) {
    // A vote that was cast already says best why nothing runs.
    const voted = decision.effect === 'deny' && decision.code.startsWith('approval_');
    return voted ? { ...input, answer: 'voted' } : input;
  }
  await settle(tool, input, approval, task);
  return { ...input, answer: 'voted' };
};

/** Asks until there is nothing left to ask. The call is decided on the votes afterwards. */
async function settle(
  tool: GuardedTool,
  input: CallInput,
  first: Approval,
  task: GraphTask,
): Promise<void> {
  let approval = first;
  while (approval.state === 'pending') {
    const payload = interruptPayload(approval, { edits: false });
    const answer = readAnswer(await interruptAsk(task, payload), approval.aid);
    try {
      approval = await tool.vote({ ...input, answer: voteOf(answer) });
    } catch (error) {
      // Denied, expired or used meanwhile: the call itself is refused for it.
      if (isGuardError(error)) return;
      throw error;
    }
  }
}

/** What an answer to an interrupt says about one approval. */
export function readAnswer(value: unknown, aid: string): InterruptAnswer {
  if (value !== AMBIGUOUS) return interruptAnswer(value, aid);
  const note =
    'several calls wait for an answer and one was given that names none of them; resume with { [interruptId]: answer } for each';
  return { kind: 'reject', note };
}

/** A vote for what can be voted on: an edit is none. */
export function voteOf(answer: InterruptAnswer): Exclude<CallInput['answer'], 'voted' | undefined> {
  if (answer.kind === 'approve') return { channel: CHANNEL, verdict: 'approve' };
  const note =
    answer.kind === 'reject'
      ? answer.note
      : 'arguments cannot be edited here; approve or reject the call as it is';
  return { channel: CHANNEL, verdict: 'deny', ...(note === '' ? {} : { note }) };
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
