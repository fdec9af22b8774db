import type { Checkpointer, GraphTask, Scratchpad } from './graph-task.ts';
import type { InterruptPayload } from './interrupt-payload.ts';
import { forgetPlainAnswers, shownInterrupt } from './shown-interrupt.ts';

/** The answer with which a graph was resumed, and what it was an answer to. */
interface Given {
  readonly value: unknown;
  readonly aid: string | undefined;
  /** Whether it was given to every task that waits, and several do. */
  readonly ambiguous: boolean;
  taken: boolean;
}

/** What is answered to one of several interrupts by an answer that names none of them. */
export const AMBIGUOUS: { readonly ambiguous: true } = Object.freeze({ ambiguous: true });

/** One scratchpad is one run of one task, in which there is at most one new answer. */
const answers = new WeakMap<Scratchpad, Promise<Given | undefined>>();

/** How many of them are remembered: they matter while tasks of one step run side by side. */
const MOST_STEPS = 1000;

/** The step of each root graph in which an ambiguous answer was given. */
const ambiguities = new WeakMap<Checkpointer, Set<string>>();

/**
 * Asks through the graph: gives the answer to exactly this approval, or throws what suspends the
 * task. An answer counts only where the checkpoint says that this task showed this approval last;
 * an answer without an interrupt's id only where nothing else in the thread waits for one.
 */
export async function interruptAsk(task: GraphTask, payload: InterruptPayload): Promise<unknown> {
  let reading = answers.get(task.scratchpad);
  if (reading === undefined) {
    answers.set(task.scratchpad, (reading = newAnswer(task, payload)));
  }
  const given = await reading;
  if (given === undefined || given.taken || given.aid !== payload.guardstile.aid) {
    return suspend(task, payload);
  }
  given.taken = true;
  return given.ambiguous ? AMBIGUOUS : given.value;
}

/** The answer that this run of the task was resumed with, past those of its earlier runs. */
async function newAnswer(task: GraphTask, payload: InterruptPayload): Promise<Given | undefined> {
  const { aid, replays, waiting } = await shownInterrupt(task);
  const { scratchpad } = task;
  while (scratchpad.interruptCounter + 1 < Math.min(replays, scratchpad.resume.length)) {
    task.interrupt(payload);
  }
  const byId = scratchpad.interruptCounter + 1 < scratchpad.resume.length;
  if (!byId && scratchpad.nullResume === undefined) return undefined;
  const ambiguous = !byId && isAmbiguous(task, waiting);
  return { value: task.interrupt(payload), aid, ambiguous, taken: false };
}

/** Once an answer was ambiguous it stays so, also for tasks that look when others have ended. */
function isAmbiguous({ checkpointer, root }: GraphTask, waiting: number): boolean {
  let roots = ambiguities.get(checkpointer);
  if (roots === undefined) ambiguities.set(checkpointer, (roots = new Set()));
  if (waiting > 1) roots.add(root);
  if (roots.size > MOST_STEPS) roots.delete([...roots][0] ?? root);
  return roots.has(root);
}

async function suspend(task: GraphTask, payload: InterruptPayload): Promise<unknown> {
  ambiguities.get(task.checkpointer)?.delete(task.root);
  await forgetPlainAnswers(task);
  // Returns only where LangGraph holds an answer that nobody was shown anything for.
  task.interrupt(payload);
  return undefined;
}
