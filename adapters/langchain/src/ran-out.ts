import type { CallInput, GuardedTool } from '@guardstile/core';

import type { GraphTask } from './graph-task.ts';

/**
 * Whether the approval that the graph stopped for has expired by the time it is resumed. A call that
 * is made anew may be asked about again; this one is over, and the model hears why.
 */
export async function hasRunOut(
  tool: GuardedTool,
  input: CallInput,
  { scratchpad }: GraphTask,
): Promise<boolean> {
  if (scratchpad.resume.length === 0 && scratchpad.nullResume === undefined) return false;
  // With an answer nothing is opened.
  const { decision } = await tool.open({ ...input, answer: 'voted' });
  return decision.effect === 'deny' && decision.code === 'approval_expired';
}
