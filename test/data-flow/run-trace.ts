import { type CallContext, factsOf, type FlowView, type ToolCall } from '@guardstile/core';
import { createDataFlow, type FlowRules, flowRules } from '@guardstile/data-flow';
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
interface Known extends FlowRules {
  readonly call: Pick<ToolCall, 'tool' | 'facts'>;
}

/** The tools of a policy, prepared once. */
export interface Toolbox {
  readonly tools: ReadonlyMap<string, Known>;
  readonly formats: Readonly<Record<string, (text: string) => unknown>>;
}

export function toolboxOf(policy: SuitePolicy): Toolbox {
  const entries = Object.entries(policy.tools);
  const flows = entries.map(([name, { facts: _facts, parse: _parse, otherwise, ...flow }]) => {
    const labels = otherwise === undefined ? flow.labels : { ...flow.labels, '': otherwise };
    return [name, labels === undefined ? flow : { ...flow, labels }] as const;
  });
  const rules = flowRules({ tools: Object.fromEntries(flows) });
  const tools = entries.map(([name, { facts: stated }]) => {
    const identity = { source: 'app', name };
    const facts = factsOf(name, { stated });
    return [name, { call: { tool: identity, facts }, ...rules.of({ identity, facts }) }] as const;
  });
  const formats = entries.flatMap(([name, { parse }]) =>
    parse === undefined ? [] : [[name, parse] as const],
  );
  return { tools: new Map(tools), formats: Object.fromEntries(formats) };
}

const context: CallContext = { principal: { id: 'user' }, session: 'run' };

/**
 * Decides every call of a recorded run: all calls of one message before any of their results is
 * seen. Every recorded result is seen, whatever was decided: the recorded run went on with it.
 */
export function runTrace(trace: Trace, suite: Suite, toolbox: Toolbox): readonly JudgedCall[] {
  const dataFlow = createDataFlow({ formats: toolbox.formats });
  // Without a store nothing is waited for.
  const flow = dataFlow.session(context, [{ role: 'user', text: trace.prompt }]) as FlowView;
  const sinks = sinksOf(trace, suite);
  return scriptOf(trace).flatMap((turn) => {
    const judged = turn.map(({ step, id }) => {
      const known = toolbox.tools.get(step.tool);
      // There is no such tool: the framework refuses it, nothing is decided.
      const findings = known?.judge?.(callOf(known, id, step)) ?? [];
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
      const known = toolbox.tools.get(step.tool);
      if (known === undefined) continue;
      const call = callOf(known, id, step);
      const labels = known.labels === undefined ? [] : [known.labels];
      dataFlow.starting(call, context);
      const sight =
        step.error === undefined
          ? ({ kind: 'result', value: returned(step.result) } as const)
          : ({ kind: 'error', value: `${step.error} ${String(step.result)}` } as const);
      dataFlow.observe(call, context, { ...sight, labels });
    }
    return judged;
  });

  function callOf({ call }: Known, id: string, { args }: Step): ToolCall {
    return { ...call, rid: id, id, args, confined: args, labels: [], flow };
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
