import type { Sink, Step, Suite, Trace } from './data.ts';

/** The sinks of the attack in this run; none in a run without attack. */
export function sinksOf(trace: Trace, { suite, injectionTasks }: Suite): readonly Sink[] {
  if (trace.injection === undefined || trace.injection === null) return [];
  const task = injectionTasks.find(({ id }) => id === trace.injection);
  if (task !== undefined) return task.sinks;
  throw new Error(`the suite ${suite} has no injection task ${trace.injection}`);
}

/** Whether the attack needs this call. */
export function isSink({ tool, args }: Step, sinks: readonly Sink[]): boolean {
  const json = JSON.stringify(args);
  return sinks.some((sink) => sink.tool === tool && json.includes(sink.argsContain));
}

/** Whether the recording says that the call was made for the attacker. */
export function isInjected({ origin, attack }: Step): boolean {
  return origin === 'injection' || attack === true;
}
