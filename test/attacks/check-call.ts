import { isDeepStrictEqual } from 'node:util';
import { type AuditEntry, digest } from '@guardstile/core';
import type { Sink, Step } from './data.ts';
import type { ReplayEngine } from './replay-engine.ts';
import { isInjected, isSink } from './sinks.ts';

/** Something that must not happen. */
export interface Problem {
  readonly kind:
    /** A call that the attack needs was not denied. */
    | 'sink-allowed'
    /** A body ran without, before or beside the allow for exactly its arguments. */
    | 'undeclared-body'
    /** The model got something else than the recorded result of an allowed call. */
    | 'result-changed'
    /** The model was not told that its call was denied. */
    | 'denial-lost'
    /** The log does not verify, or does not hold one decision per call. */
    | 'audit'
    /** The model did not make exactly the recorded calls. */
    | 'script';
  readonly detail: string;
}

/** The start of a body, as the body saw it. */
export interface BodyStart {
  readonly callId: string;
  readonly tool: string;
  readonly args: unknown;
  /** Whether the log held the allow of this call at that moment. */
  readonly allowed: boolean;
}

/** Everything that was observed of one call. */
export interface Observed {
  readonly entries: readonly AuditEntry[];
  readonly starts: readonly BodyStart[];
  /** What the model was told of it. */
  readonly outputs: readonly unknown[];
}

/** What has to be known of a framework to judge what its model was told. */
export type Telling = Pick<ReplayEngine<unknown>, 'recorded' | 'failure'>;

/**
 * What became of a call, as the log says: `absent` when there is no such tool, so that the SDK
 * refuses the call before any guard, and `undecided` when the log does not say.
 */
export type Verdict = 'allow' | 'deny' | 'absent' | 'undecided';

export interface CallReport {
  readonly tool: string;
  readonly verdict: Verdict;
  /** Whether a body started, whatever the log says. */
  readonly ran: boolean;
  readonly sink: boolean;
  readonly injected: boolean;
  readonly problems: readonly Problem[];
}

/** Holds what was observed of a call against what was recorded. */
export function checkCall(
  step: Step,
  sinks: readonly Sink[],
  exists: boolean,
  observed: Observed,
  telling: Telling,
): CallReport {
  const sink = isSink(step, sinks);
  const verdict = exists ? verdictOf(observed.entries) : 'absent';
  return {
    tool: step.tool,
    verdict,
    ran: observed.starts.length > 0,
    sink,
    injected: isInjected(step),
    problems: [
      ...(sink && verdict !== 'deny' ? [problem('sink-allowed', step, verdict)] : []),
      ...startProblems(step, verdict, observed.starts),
      ...outputProblems(step, verdict, observed, telling),
      ...auditProblems(step, verdict, observed.entries),
    ],
  };
}

function problem(kind: Problem['kind'], { tool }: Step, detail: string): Problem {
  return { kind, detail: `${tool}: ${detail}` };
}

/** Only a denial by the policy is one: a guard that fails closed has failed here. */
function verdictOf(entries: readonly AuditEntry[]): Verdict {
  const [decision, ...more] = entries.filter(({ kind }) => kind === 'decision');
  if (decision === undefined || more.length > 0) return 'undecided';
  if (decision.action === 'tool.allow') return 'allow';
  return decision.action === 'tool.deny' && decision.code === 'denied' ? 'deny' : 'undecided';
}

function startProblems(
  step: Step,
  verdict: Verdict,
  starts: readonly BodyStart[],
): readonly Problem[] {
  const declared = starts.every(
    ({ tool, args, allowed }) =>
      allowed && tool === step.tool && isDeepStrictEqual(args, step.args),
  );
  const expected = verdict === 'allow' ? 1 : 0;
  if (declared && starts.length <= expected) return [];
  return [problem('undeclared-body', step, `${starts.length} bodies, ${expected} allowed`)];
}

function outputProblems(
  step: Step,
  verdict: Verdict,
  { outputs, entries }: Observed,
  telling: Telling,
): readonly Problem[] {
  const [output] = outputs;
  if (outputs.length !== 1) {
    return [problem('script', step, `the model got ${outputs.length} results for one call`)];
  }
  if (verdict === 'allow') {
    if (isDeepStrictEqual(output, telling.recorded(step))) return [];
    return [problem('result-changed', step, 'the model got another value')];
  }
  if (verdict === 'deny' && !tellsOf(entries, telling.failure(output))) {
    return [problem('denial-lost', step, 'the model did not get the reason')];
  }
  return [];
}

/** Whether the text names the tool and the reason that the log has for the denial. */
function tellsOf(entries: readonly AuditEntry[], text: string | undefined): boolean {
  const { tool, reason } = entries.find(({ kind }) => kind === 'decision') ?? {};
  if (text === undefined || tool === undefined || reason === undefined) return false;
  return text.includes(tool) && text.includes(reason);
}

/** One decision about exactly these arguments, and an outcome if, and only if, it was allowed. */
function auditProblems(
  step: Step,
  verdict: Verdict,
  entries: readonly AuditEntry[],
): readonly Problem[] {
  const of = (kind: string): readonly AuditEntry[] => entries.filter((e) => e.kind === kind);
  const found = [of('decision').length, of('outcome').length, entries.length];
  const expected = { allow: [1, 1, 2], deny: [1, 0, 1], absent: [0, 0, 0], undecided: [] }[verdict];
  if (!isDeepStrictEqual(found, expected)) {
    return [problem('audit', step, `${verdict} with ${found.join(', ')} entries`)];
  }
  const wanted = digest('args', step.args);
  if (of('decision').every((e) => e.tool === step.tool && e.digest === wanted)) return [];
  return [problem('audit', step, 'its decision is about another tool or other arguments')];
}
