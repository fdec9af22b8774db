import { ownFields } from './own-fields.ts';
import type { ToolConfig } from './tool-shape.ts';

/** What LangGraph keeps of the answers that one run of a task was given. */
export interface Scratchpad {
  /** Index of the last `interrupt()` of this run, from -1. */
  readonly interruptCounter: number;
  /** Answers to this task alone: those of earlier runs, then one given by interrupt id. */
  readonly resume: readonly unknown[];
  /** A plain answer, which every task gets. */
  readonly nullResume: unknown;
}

export interface Saved {
  readonly pendingWrites?: ReadonlyArray<readonly [string, string, unknown]> | undefined;
}

/** The part of a checkpointer's public interface that is used here. */
export interface Checkpointer {
  getTuple(config: object): Promise<Saved | undefined>;
  putWrites(config: object, writes: Array<[string, unknown]>, taskId: string): Promise<void>;
}

/** The task of a graph in which a call is made. */
export interface GraphTask {
  readonly id: string;
  readonly interrupt: (value: unknown) => unknown;
  readonly scratchpad: Scratchpad;
  readonly checkpointer: Checkpointer;
  /** Where the checkpoints lie under which it runs: the root graph's first, its own last. */
  readonly levels: readonly object[];
  /** Names the step of the root graph. */
  readonly root: string;
}

/** Why nobody can be asked through a graph. */
export type NoTask = 'no graph' | 'no checkpointer';

/**
 * The task behind a config. Every name of LangGraph's that is no public interface stands here:
 * `configurable.checkpoint_map`, `.checkpoint_ns` and what begins with `__pregel_`.
 */
export function graphTask(config: ToolConfig | undefined, interrupt: unknown): GraphTask | NoTask {
  const own = ownFields(config?.configurable);
  const { __pregel_scratchpad: scratchpad, __pregel_checkpointer: checkpointer } = own;
  const { __pregel_task_id: id, checkpoint_map: map, checkpoint_ns: path, thread_id: thread } = own;
  if (typeof interrupt !== 'function' || !isScratchpad(scratchpad) || typeof id !== 'string') {
    return 'no graph';
  }
  if (!isCheckpointer(checkpointer)) return 'no checkpointer';
  const levels = levelsOf(thread, path, ownFields(map));
  const root: unknown = ownFields(map)[''];
  if (levels === undefined || typeof root !== 'string') return 'no checkpointer';
  return {
    id,
    interrupt: interrupt as GraphTask['interrupt'],
    scratchpad,
    checkpointer,
    levels,
    root: JSON.stringify([thread, root]),
  };
}

/** The namespaces above a task are the beginnings of its own. */
function levelsOf(
  thread: unknown,
  path: unknown,
  map: Readonly<Record<string, unknown>>,
): object[] | undefined {
  if (typeof thread !== 'string' || typeof path !== 'string') return undefined;
  const parts = path.split('|');
  const levels = parts.flatMap((_, depth) => {
    const namespace = parts.slice(0, depth).join('|');
    const checkpoint = map[namespace];
    if (typeof checkpoint !== 'string') return [];
    const configurable = { thread_id: thread, checkpoint_ns: namespace, checkpoint_id: checkpoint };
    return [{ configurable }];
  });
  return typeof map[parts.slice(0, -1).join('|')] === 'string' ? levels : undefined;
}

function isScratchpad(value: unknown): value is Scratchpad {
  const { interruptCounter, resume } = ownFields(value);
  return typeof interruptCounter === 'number' && Array.isArray(resume);
}

function isCheckpointer(value: unknown): value is Checkpointer {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Checkpointer>).getTuple === 'function' &&
    typeof (value as Partial<Checkpointer>).putWrites === 'function'
  );
}
