import type { AuditDraft } from '@guardstile/core';

/** What the handler sees run. */
export type RunKind = 'tool' | 'retriever' | 'model';

/** One run, from its start to its end. */
export interface HandlerRun {
  readonly kind: RunKind;
  /** LangChain's ids of the run and of the run in which it was started. */
  readonly run: string;
  readonly parentRun: string | undefined;
  readonly name: string;
  /** The model's id of a tool call, where LangChain says it. */
  readonly call: string | undefined;
  readonly startedAt: number;
  /** On whose behalf, in the words of the log. */
  readonly who: Pick<AuditDraft, 'user' | 'tenant' | 'session' | 'agent'>;
}

/** Runs whose end nobody will tell, because another handler ended them, must not add up. */
const MOST_RUNS = 10_000;

/** The runs that are under way. */
export interface HandlerRuns {
  started(run: HandlerRun): void;
  /** The run, which is over now; none for one that the handler does not follow. */
  ended(runId: string): HandlerRun | undefined;
}

export function handlerRuns(): HandlerRuns {
  const runs = new Map<string, HandlerRun>();
  return {
    started(run) {
      const [oldest] = runs.keys();
      if (runs.size >= MOST_RUNS && oldest !== undefined) runs.delete(oldest);
      runs.set(run.run, run);
    },
    ended(runId) {
      const run = runs.get(runId);
      runs.delete(runId);
      return run;
    },
  };
}
