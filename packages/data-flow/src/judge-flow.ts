import type { FlowView, Provenance } from '@guardstile/core';
import { describeUnvouched } from './describe-provenance.ts';
import type { FlowRule } from './flow-rule.ts';
import { violation } from './flow-rule.ts';
import { unvouchedIn } from './from-rule.ts';
import { readerOf } from './read-path.ts';
import { type FlowTool, isIrreversible, sinksOf } from './tool-flow.ts';

/** Something about where a call's arguments come from or go to that a rule does not accept. */
export interface FlowFinding {
  readonly effect: 'ask' | 'deny';
  /** The rule, such as `from:recipient`, `flow:no-exfiltration` or `irreversible`. */
  readonly rule: string;
  /** For a person: the value and the place it came from. */
  readonly reason: string;
  readonly argument?: string;
  readonly provenance?: Provenance;
}

/** Says everything that the rules have against a call; nothing against it means no opinion. */
export type FlowJudge = (flow: FlowView | undefined, args: unknown) => readonly FlowFinding[];

/** The rules about one tool, resolved once; `undefined` where none says anything about it. */
export function createFlowJudge(
  tool: FlowTool,
  rules: readonly FlowRule[] = [],
): FlowJudge | undefined {
  const checks = Object.entries(tool.flow.args ?? {}).map(([argument, rule]) => ({
    argument,
    rule,
    read: readerOf(argument),
  }));
  const sinks = sinksOf(tool);
  const own = rules.filter(({ to }) => sinks.includes(to));
  const always = isIrreversible(tool) ? [irreversible(tool)] : [];
  if (checks.length === 0 && own.length === 0) {
    return always.length === 0 ? undefined : () => always;
  }

  return (flow, args) => {
    if (flow === undefined) return UNKNOWN;
    const findings: FlowFinding[] = [];
    for (const { argument, rule, read } of checks) {
      for (const { value, provenance } of unvouchedIn(flow, read(args), rule)) {
        const isSecret = flow.secretsIn(value).length > 0;
        const reason = describeUnvouched(argument, value, provenance, rule.from, isSecret);
        const { else: otherwise = 'ask', unseen = otherwise } = rule;
        const effect = provenance.sightings.length === 0 ? unseen : otherwise;
        findings.push({ effect, rule: `from:${argument}`, reason, argument, provenance });
      }
    }
    for (const rule of own) {
      const reason = violation(flow, tool.name, args, rule);
      if (reason === undefined) continue;
      findings.push({ effect: rule.else ?? 'deny', rule: `flow:${rule.id}`, reason });
    }
    return always.length === 0 ? findings : [...findings, ...always];
  };
}

const UNKNOWN: readonly FlowFinding[] = [
  {
    effect: 'deny',
    rule: 'data-flow',
    reason: 'nobody knows where its values come from; pass createGuard({ dataFlow })',
  },
];

function irreversible({ name }: FlowTool): FlowFinding {
  return { effect: 'ask', rule: 'irreversible', reason: `${name} cannot be undone` };
}
