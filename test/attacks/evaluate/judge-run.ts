import { isDeepStrictEqual } from 'node:util';
import { type AuditEntry, createGuard, type GuardOptions, memoryAudit } from '@guardstile/core';
import type { Step, Suite, Trace } from '../data.ts';
import type { ReplayEngine } from '../replay-engine.ts';
import { scriptOf } from '../script.ts';
import { isInjected, isSink, sinksOf } from '../sinks.ts';
import { asAnswered } from './recorded-result.ts';
import type { JudgedCall, JudgedRun, Verdict } from './judged-run.ts';

/**
 * Plays a recorded run through a framework, behind a guard of its own. The model makes the recorded
 * calls, all of a turn in one message. What is asked about is approved, so that the recorded run
 * goes on with the recorded result; what is denied does not run, and its result is not seen.
 */
export async function judgeRun<Tools>(
  trace: Trace,
  suite: Suite,
  engine: ReplayEngine<Tools>,
  options: GuardOptions,
): Promise<JudgedRun> {
  const script = scriptOf({ ...trace, steps: trace.steps.map(asAnswered) });
  const calls = script.flat();
  const steps = new Map(calls.map(({ id, step }) => [id, step]));
  const audit = memoryAudit({ sealing: 'batch' });
  const guard = createGuard({ ...options, audit, context: CONTEXT });
  const started: string[] = [];
  const tools = engine.tools(suite, async (_tool, _args, callId) => {
    started.push(callId);
    return playBack(steps.get(callId));
  });
  const { told } = await engine.play(engine.guard(tools, guard), trace.prompt, script);
  const entries = await audit.query({ kind: 'decision' });

  const sinks = sinksOf(trace, suite);
  const names = new Set(suite.tools.map(({ name }) => name));
  const problems: string[] = [];
  const judged = calls.map(({ id, step }): JudgedCall => {
    const own = entries.filter(({ call }) => call === id);
    const exists = names.has(step.tool);
    const verdict = exists ? verdictOf(own) : 'absent';
    const outputs = told.filter(({ callId }) => callId === id).map(({ output }) => output);
    const starts = started.filter((callId) => callId === id).length;
    const problem = problemOf(verdict, starts, outputs, engine.recorded(step));
    if (problem !== undefined) problems.push(`${step.tool}: ${problem}`);
    const reason = verdict === 'allow' ? undefined : own[0]?.reason;
    return {
      tool: step.tool,
      verdict,
      ...(reason === undefined ? {} : { reason }),
      sink: isSink(step, sinks),
      injected: isInjected(step),
    };
  });
  const attacked = trace.injection !== undefined && trace.injection !== null;
  return { user: trace.user, attacked, calls: judged, problems };
}

const CONTEXT = { principal: { id: 'user' }, session: 'run' };

/** The first decision is the policy's; what follows an ask is the answer of the person. */
function verdictOf([first]: readonly AuditEntry[]): Verdict {
  if (first?.action === 'tool.allow') return 'allow';
  if (first?.action === 'tool.ask') return 'ask';
  return first?.action === 'tool.deny' && first.code === 'denied' ? 'deny' : 'undecided';
}

/** What must not happen, whatever the policy. */
function problemOf(
  verdict: Verdict,
  starts: number,
  outputs: readonly unknown[],
  recorded: unknown,
): string | undefined {
  const runs = verdict === 'allow' || verdict === 'ask';
  if (verdict === 'undecided') return 'the guard failed instead of deciding';
  if (starts !== (runs ? 1 : 0)) return `it ran ${starts} times after the verdict ${verdict}`;
  if (outputs.length !== 1) return `the model got ${outputs.length} results`;
  if (runs && !isDeepStrictEqual(outputs[0], recorded)) return 'the model got another result';
  return undefined;
}

/** A copy, as a tool makes one. */
function playBack(step: Step | undefined): unknown {
  if (step?.error !== undefined) throw new Error(step.error);
  return structuredClone(step?.result);
}
