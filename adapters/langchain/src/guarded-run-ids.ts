import { type Guard, sameGuard } from '@guardstile/core';

import type { ToolConfig } from './tool-shape.ts';

/** Runs that LangChain is about to start inside a guarded `invoke()`. */
const runs = new Map<string, readonly Guard[]>();

/**
 * Lets handlers know a run that starts behind the guard, in a tool that is not the guarded one: the
 * run gets its id here. Where nobody listens, nothing is changed.
 */
export async function withKnownRun(
  guard: Guard,
  config: ToolConfig | undefined,
  start: (config: ToolConfig | undefined) => unknown,
): Promise<unknown> {
  if (config?.callbacks === undefined) return start(config);
  const runId = config.runId ?? crypto.randomUUID();
  const before = runs.get(runId);
  runs.set(runId, [...(before ?? []), guard]);
  try {
    return await start({ ...config, runId });
  } finally {
    if (before === undefined) runs.delete(runId);
  }
}

/** Whether the run was started behind this guard. */
export function isKnownRun(runId: string, guard: Guard): boolean {
  return runs.get(runId)?.some((one) => sameGuard(one, guard)) ?? false;
}
