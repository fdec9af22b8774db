import { type AuditLog, createGuard, memoryAudit, type PolicyInput } from '@guardstile/core';
import type { Step, Suite, Trace } from './data.ts';
import { type BodyStart, type CallReport, checkCall, type Problem } from './check-call.ts';
import type { ReplayEngine } from './replay-engine.ts';
import { scriptOf } from './script.ts';
import { sinksOf } from './sinks.ts';

/** Puts tools behind a guard that writes to this log. */
export type Protect<Tools> = (tools: Tools, audit: AuditLog) => Tools;

/** The guard that is tested: the adapter's own under a policy. */
export function guardedBy<Tools>(engine: ReplayEngine<Tools>, policy: PolicyInput): Protect<Tools> {
  return (tools, audit) => engine.guard(tools, createGuard({ policy, audit }));
}

/** What one replayed run was like. */
export interface TraceReport {
  readonly trace: Trace;
  /** In recorded order. */
  readonly calls: readonly CallReport[];
  /** What went wrong in the run as a whole; see {@link CallReport.problems} for its calls. */
  readonly problems: readonly Problem[];
}

/**
 * Replays one recorded run through a framework: the model makes exactly the recorded calls, and each
 * tool returns what it returned then (or fails as it failed then). Everything that is reported comes
 * from what was observed: the audit log, the bodies and the model's messages.
 */
export async function replayTrace<Tools>(
  trace: Trace,
  suite: Suite,
  engine: ReplayEngine<Tools>,
  protect: Protect<Tools>,
): Promise<TraceReport> {
  const script = scriptOf(trace);
  const calls = script.flat();
  const steps = new Map(calls.map(({ id, step }) => [id, step]));
  const audit = memoryAudit({ sealing: 'batch' });
  const starts: BodyStart[] = [];

  const tools = engine.tools(suite, async (tool, args, callId) => {
    const decisions = await audit.query({ kind: 'decision' });
    const allowed = decisions.some((e) => e.call === callId && e.action === 'tool.allow');
    starts.push({ callId, tool, args, allowed });
    return playBack(steps.get(callId));
  });
  const { told, messages } = await engine.play(protect(tools, audit), trace.prompt, script);

  const entries = await audit.query();
  const sinks = sinksOf(trace, suite);
  const names = new Set(suite.tools.map(({ name }) => name));
  return {
    trace,
    calls: calls.map(({ id, step }) =>
      checkCall(
        step,
        sinks,
        names.has(step.tool),
        {
          entries: entries.filter(({ call }) => call === id),
          starts: starts.filter(({ callId }) => callId === id),
          outputs: told.filter(({ callId }) => callId === id).map(({ output }) => output),
        },
        engine,
      ),
    ),
    problems: [
      ...(await logProblems(audit, new Set(steps.keys()))),
      ...strayStarts(starts, steps),
      ...scriptProblems(messages, script.length + 1),
    ],
  };
}

/** A copy, so that a change made in place shows. */
function playBack(step: Step | undefined): unknown {
  if (step?.error !== undefined) throw new Error(step.error);
  return structuredClone(step?.result);
}

/** The log has to verify, and to speak of the calls that were made and of no others. */
async function logProblems(audit: AuditLog, ids: ReadonlySet<string>): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const verification = await audit.verify();
  if (!verification.ok) problems.push({ kind: 'audit', detail: verification.reason });
  for (const { kind, call, seq } of await audit.query()) {
    if (kind === 'genesis' || (call !== undefined && ids.has(call))) continue;
    problems.push({ kind: 'audit', detail: `entry ${seq} (${kind}) is about no recorded call` });
  }
  return problems;
}

/** Bodies that ran under the id of no call at all. */
function strayStarts(
  starts: readonly BodyStart[],
  steps: ReadonlyMap<string, Step>,
): readonly Problem[] {
  return starts
    .filter(({ callId }) => !steps.has(callId))
    .map(({ tool }) => ({ kind: 'undeclared-body', detail: `${tool} ran outside every call` }));
}

function scriptProblems(made: number, expected: number): readonly Problem[] {
  if (made === expected) return [];
  return [{ kind: 'script', detail: `the model wrote ${made} messages instead of ${expected}` }];
}
