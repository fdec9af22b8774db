import type { GraphTask, Saved } from './graph-task.ts';

// Channel and task names under which LangGraph stores interrupts and answers.
const INTERRUPT = '__interrupt__';
const RESUME = '__resume__';
const NO_RESULT: readonly string[] = [INTERRUPT, RESUME, '__error__', '__error_source_node__'];
/** Holds a plain answer, which is for no task in particular. */
const ANY_TASK = '00000000-0000-0000-0000-000000000000';

/** What the checkpoint says of the interrupts that people have seen. */
export interface Shown {
  /** Id of the approval that this task showed last, if it showed one. */
  readonly aid: string | undefined;
  /** How many answers earlier runs of this task have had. */
  readonly replays: number;
  /** How many tasks wait for an answer, at the level where most do. */
  readonly waiting: number;
}

export async function shownInterrupt({ id, checkpointer, levels }: GraphTask): Promise<Shown> {
  const saved = await Promise.all(levels.map((level) => checkpointer.getTuple(level)));
  // A task of the functional API writes into the checkpoint of the task that called it.
  const own = saved.flatMap(writesOf).filter(([task]) => task === id);
  return {
    aid: aidOf(own.find(([, channel]) => channel === INTERRUPT)?.[2]),
    replays: own.flatMap(([, channel, value]) => (channel === RESUME ? [value] : [])).flat().length,
    waiting: Math.max(...saved.map(waitingIn)),
  };
}

/**
 * A plain answer stays in the checkpoint after it was used, and `invoke(null)` would give it to
 * whatever is asked next. So it is taken out before anything is asked.
 */
export async function forgetPlainAnswers({ checkpointer, levels }: GraphTask): Promise<void> {
  for (const level of levels) {
    const saved = await checkpointer.getTuple(level);
    const left = writesOf(saved).some(
      ([task, channel, value]) => task === ANY_TASK && channel === RESUME && value !== undefined,
    );
    if (left) await checkpointer.putWrites(level, [[RESUME, undefined]], ANY_TASK);
  }
}

function waitingIn(saved: Saved | undefined): number {
  const writes = writesOf(saved);
  const done = new Set(writes.flatMap(([task, name]) => (NO_RESULT.includes(name) ? [] : [task])));
  const asked = writes.filter(([task, name]) => name === INTERRUPT && !done.has(task));
  // One that is thrown through a calling task is written down for that as well.
  return new Set(asked.flatMap(([, , value]) => value).map((one) => aidOf(one) ?? one)).size;
}

function writesOf(saved: Saved | undefined): ReadonlyArray<readonly [string, string, unknown]> {
  return saved?.pendingWrites ?? [];
}

/** The approval that an interrupt of this package was about. */
function aidOf(stored: unknown): string | undefined {
  const [first] = Array.isArray(stored) ? (stored as readonly unknown[]) : [stored];
  const aid = field(field(field(first, 'value'), 'guardstile'), 'aid');
  return typeof aid === 'string' ? aid : undefined;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
