import { type CallInput, canonical, type Guard } from '@guardstile/core';

import type { Known } from './known-tool.ts';
import type { ToolConfig } from './tool-shape.ts';

/** How many steps of one checkpointer's graphs are remembered. */
const MOST_STEPS = 256;

interface Kept {
  readonly result: Promise<unknown>;
  /** How many answers to interrupts it took. */
  answers: number;
}

/** A task that several calls share. */
interface SharedTask {
  readonly results: Map<string, Kept>;
  /** How often each call was made, in each run of the task. */
  readonly made: WeakMap<object, Map<string, number>>;
}

/** By what all contexts of one guard share, since a guard inside another one keeps its own. */
const steps = new WeakMap<Guard['close'], WeakMap<object, Map<string, SharedTask>>>();

/**
 * Runs a call once in a step of a graph. Where several calls share one task, as in a `ToolNode` of
 * one's own, an interrupt of one makes LangGraph start all of them again; those that ran already
 * then answer what they answered before. What one run makes twice runs twice, such as a tool that
 * calls another one of its name.
 */
export function oncePerStep(
  { guard, tool }: Pick<Known, 'guard' | 'tool'>,
  input: CallInput,
  config: ToolConfig | undefined,
  run: (keep: () => void) => Promise<unknown>,
): Promise<unknown> {
  const scratchpad = scratchpadOf(config);
  const task = scratchpad === undefined ? undefined : taskOf(guard, config);
  const call = task === undefined ? undefined : keyOf(guard, tool.name, input);
  if (scratchpad === undefined || task === undefined || call === undefined) {
    return run(() => undefined);
  }
  const { results } = task;
  const key = `${timesMade(task, scratchpad, call)} ${call}`;
  const known = results.get(key);
  if (known !== undefined) {
    passAnswers(scratchpad, known.answers);
    return known.result;
  }
  // What code calls by itself runs again with that code, as without a guard.
  let kept = input.id !== undefined;
  const first = answersTaken(scratchpad);
  let answers = 0;
  const result = run(() => {
    kept = true;
    answers = answersTaken(scratchpad) - first;
  });
  const entry: Kept = { result, answers };
  results.set(key, entry);
  const forget = (): void => {
    if (results.get(key) === entry) results.delete(key);
  };
  // What was suspended or has failed may be answered yet, and a stream can be read once.
  result.then((value) => {
    entry.answers = answers;
    if (!kept || isStream(value)) forget();
  }, forget);
  return result;
}

/** LangGraph counts the interrupts of a run, from -1, to know which answer is whose. */
interface Counting {
  interruptCounter?: number;
  readonly resume?: readonly unknown[];
}

function answersTaken({ interruptCounter = -1 }: Counting): number {
  return interruptCounter + 1;
}

/** The answers to a call that is not asked about again must not go to what interrupts after it. */
function passAnswers(scratchpad: Counting, answers: number): void {
  const next = Math.min(answersTaken(scratchpad) + answers, scratchpad.resume?.length ?? 0);
  if (next > answersTaken(scratchpad)) scratchpad.interruptCounter = next - 1;
}

function timesMade({ made }: SharedTask, scratchpad: object, call: string): number {
  let calls = made.get(scratchpad);
  if (calls === undefined) made.set(scratchpad, (calls = new Map<string, number>()));
  const times = (calls.get(call) ?? 0) + 1;
  calls.set(call, times);
  return times;
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Stands for one run of a task, where that is one that several calls share. */
function scratchpadOf(config: ToolConfig | undefined): object | undefined {
  const scratchpad = config?.configurable?.['__pregel_scratchpad'];
  if (typeof scratchpad !== 'object' || scratchpad === null) return undefined;
  const { currentTaskInput: input } = scratchpad as { readonly currentTaskInput?: unknown };
  // A task that LangChain started for one call never runs again once that has an answer.
  const isOneCall = typeof input === 'object' && input !== null && 'lg_tool_call' in input;
  return isOneCall ? undefined : scratchpad;
}

function taskOf(guard: Guard, config: ToolConfig | undefined): SharedTask | undefined {
  const { __pregel_checkpointer: checkpointer, __pregel_task_id: id } = { ...config?.configurable };
  if (typeof checkpointer !== 'object' || checkpointer === null || typeof id !== 'string') {
    return undefined;
  }
  let own = steps.get(guard.close);
  if (own === undefined)
    steps.set(guard.close, (own = new WeakMap<object, Map<string, SharedTask>>()));
  let known = own.get(checkpointer);
  if (known === undefined) own.set(checkpointer, (known = new Map<string, SharedTask>()));
  let task = known.get(id);
  if (task === undefined) known.set(id, (task = { results: new Map(), made: new WeakMap() }));
  if (known.size > MOST_STEPS) known.delete([...known.keys()][0] ?? id);
  return task;
}

function keyOf(guard: Guard, tool: string, { id, args, context }: CallInput): string | undefined {
  const { principal, session, agent } = { ...guard.context, ...context };
  try {
    return canonical([tool, id ?? null, args, principal?.tenant, principal?.id, session, agent]);
  } catch {
    return undefined;
  }
}
