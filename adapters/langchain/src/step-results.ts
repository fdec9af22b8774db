import { type CallInput, canonical, type Guard } from '@guardstile/core';

import type { Askable } from './ask-strategy.ts';
import type { ToolConfig } from './tool-shape.ts';

/** How many steps of one checkpointer's graphs are remembered. */
const MOST_STEPS = 256;

type Results = Map<string, Promise<unknown>>;

/** By what all contexts of one guard share, since a guard inside another one keeps its own. */
const steps = new WeakMap<Guard['close'], WeakMap<object, Map<string, Results>>>();

/**
 * Runs a call once in a step of a graph. Where several calls share one task, as in a `ToolNode` of
 * one's own, an interrupt of one makes LangGraph start all of them again; those that ran already
 * then answer what they answered before.
 */
export function oncePerStep(
  { guard, tool }: Pick<Askable, 'guard' | 'tool'>,
  input: CallInput,
  config: ToolConfig | undefined,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const results = resultsOf(guard, config);
  const key = results === undefined ? undefined : keyOf(guard, tool.name, input);
  if (results === undefined || key === undefined) return run();
  const known = results.get(key);
  if (known !== undefined) return known;
  const result = run();
  results.set(key, result);
  const forget = (): void => {
    if (results.get(key) === result) results.delete(key);
  };
  // What was suspended or has failed may be answered yet, and a stream can be read once.
  result.then((value) => (isStream(value) ? forget() : undefined), forget);
  return result;
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The results of the task, where it is one that several calls share. */
function resultsOf(guard: Guard, config: ToolConfig | undefined): Results | undefined {
  const { configurable } = config ?? {};
  const checkpointer = configurable?.['__pregel_checkpointer'];
  const task = configurable?.['__pregel_task_id'];
  if (typeof checkpointer !== 'object' || checkpointer === null || typeof task !== 'string') {
    return undefined;
  }
  if (isOneCall(configurable?.['__pregel_scratchpad'])) return undefined;
  let own = steps.get(guard.close);
  if (own === undefined)
    steps.set(guard.close, (own = new WeakMap<object, Map<string, Results>>()));
  let known = own.get(checkpointer);
  if (known === undefined) own.set(checkpointer, (known = new Map<string, Results>()));
  let results = known.get(task);
  if (results === undefined) known.set(task, (results = new Map<string, Promise<unknown>>()));
  if (known.size > MOST_STEPS) known.delete([...known.keys()][0] ?? task);
  return results;
}

/** A task that LangChain started for one call; it never runs again once that has an answer. */
function isOneCall(scratchpad: unknown): boolean {
  if (typeof scratchpad !== 'object' || scratchpad === null) return true;
  const { currentTaskInput: input } = scratchpad as { readonly currentTaskInput?: unknown };
  return typeof input === 'object' && input !== null && 'lg_tool_call' in input;
}

function keyOf(guard: Guard, tool: string, { id, args, context }: CallInput): string | undefined {
  if (id === undefined) return undefined;
  const { principal, session, agent } = { ...guard.context, ...context };
  try {
    return canonical([tool, id, args, principal?.tenant, principal?.id, session, agent]);
  } catch {
    return undefined;
  }
}
