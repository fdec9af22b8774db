import { factsOf } from '@guardstile/core';
import {
  createFlowJudge,
  createSessionFlow,
  type FlowJudge,
  type FlowTool,
  type ResultLabels,
  resultLabels,
} from '@guardstile/data-flow';
import type { Step, Suite, Trace } from '../attacks/data.ts';
import { scriptOf } from '../attacks/script.ts';
import { isInjected, isSink, sinksOf } from '../attacks/sinks.ts';
import type { SuitePolicy } from './policies.ts';

export type Effect = 'allow' | 'ask' | 'deny';

/** What was decided of a recorded call. */
export interface JudgedCall {
  readonly tool: string;
  readonly args: unknown;
  readonly effect: Effect;
  readonly reasons: readonly string[];
  readonly sink: boolean;
  readonly injected: boolean;
}

/** A tool of a suite, ready to be judged. */
interface Known {
  readonly tool: FlowTool;
  readonly labels: ResultLabels;
  readonly judge: FlowJudge;
}

/** The tools of a policy, prepared once. */
export type Toolbox = ReadonlyMap<string, Known>;

export function toolboxOf(policy: SuitePolicy): Toolbox {
  return new Map(
    Object.entries(policy.tools).map(([name, { facts, ...flow }]) => {
      const tool: FlowTool = { name, facts: factsOf(name, { stated: facts }), flow };
      return [name, { tool, labels: resultLabels(tool), judge: createFlowJudge(tool) }];
    }),
  );
}

/**
 * Decides every call of a recorded run: all calls of one message before any of their results is
 * seen. Every recorded result is seen, whatever was decided: the recorded run went on with it.
 */
export function runTrace(trace: Trace, suite: Suite, toolbox: Toolbox): readonly JudgedCall[] {
  const flow = createSessionFlow();
  const sinks = sinksOf(trace, suite);
  flow.observe(trace.prompt, { origin: 'prompt' });
  return scriptOf(trace).flatMap((turn) => {
    const judged = turn.map(({ step }) => {
      const findings = judge(step);
      return {
        tool: step.tool,
        args: step.args,
        effect: worst(findings.map(({ effect }) => effect)),
        reasons: findings.map(({ reason }) => reason),
        sink: isSink(step, sinks),
        injected: isInjected(step),
      };
    });
    for (const { id, step } of turn) {
      const known = toolbox.get(step.tool);
      if (known === undefined) continue;
      const { tool, labels } = known;
      if (tool.facts.effect !== 'readOnly') {
        flow.observe(step.args, { origin: 'sent', tool: tool.name, rid: id });
      }
      if (step.error === undefined) labels.observe(flow, returned(step.result), id);
      else labels.observeError(flow, `${step.error} ${String(step.result)}`, id);
    }
    return judged;
  });

  function judge({ tool: name, args }: Step) {
    const known = toolbox.get(name);
    // There is no such tool: the framework refuses it, nothing is decided.
    return known === undefined ? [] : known.judge(flow, args);
  }
}

/** Some recorded agents wrap what a tool returned, to mark it as data: a guard stands before that. */
function returned(result: unknown): unknown {
  if (typeof result !== 'string' || !result.startsWith('<<') || !result.endsWith('>>'))
    return result;
  return result.slice(2, -2);
}

function worst(effects: readonly Effect[]): Effect {
  if (effects.includes('deny')) return 'deny';
  return effects.includes('ask') ? 'ask' : 'allow';
}
