import type { Requirements, ToolCall, ToolInfo } from '@guardstile/core';
import type { FlowFinding } from '@guardstile/data-flow';

import { type Demands, NO_DEMANDS } from '../demands.ts';
import type { Ask } from '../verdict.ts';
import type { ReadFlow } from './read-flow.ts';

/** What a flow says of one tool. */
export interface ToolFlow {
  /** Where the fields of its results come from, as an obligation of each call that runs. */
  readonly labels: Demands;
  /** What it has against a call; absent where it has nothing against any. */
  readonly findings: ((call: ToolCall) => readonly FlowFinding[]) | undefined;
  readonly requirements: Requirements;
}

export function toolFlow({ of, requirements }: ReadFlow, tool: ToolInfo): ToolFlow {
  const { labels, judge } = of(tool);
  return {
    labels:
      labels === undefined
        ? NO_DEMANDS
        : Object.freeze({
            ...NO_DEMANDS,
            obligations: Object.freeze([Object.freeze({ type: 'origins' as const, of: labels })]),
          }),
    findings: judge === undefined ? undefined : (call) => judged(judge, call),
    requirements,
  };
}

/** What cannot be told counts against the call. */
function judged(judge: NonNullable<ToolFlow['findings']>, call: ToolCall): readonly FlowFinding[] {
  try {
    return judge(call);
  } catch {
    return UNTOLD;
  }
}

const UNTOLD: readonly FlowFinding[] = [
  { effect: 'deny', rule: 'flow', reason: 'nobody can tell where its values come from' },
];

/** Most reasons that a person is told; the others are of the same kind. */
const MOST_REASONS = 5;

/** What a flow says of a call where it says anything. */
export type FlowStance =
  | { readonly kind: 'flow-denies'; readonly rule: string; readonly reason: string }
  | { readonly kind: 'flow-asks'; readonly asks: readonly Ask[] };

/** It asks or denies, whatever rules allow; everything that asks says the same of who answers. */
export function flowStance(
  { findings, requirements }: ToolFlow,
  call: ToolCall,
): FlowStance | undefined {
  if (findings === undefined) return undefined;
  const found = findings(call);
  const denials = found.filter(({ effect }) => effect === 'deny');
  const [first] = denials;
  if (first !== undefined) {
    return { kind: 'flow-denies', rule: first.rule, reason: reasonOf(denials) };
  }
  if (found.length === 0) return undefined;
  const asks = found
    .slice(0, MOST_REASONS)
    .map(({ rule, reason }): Ask => ({ id: rule, reason, requirements }));
  return { kind: 'flow-asks', asks };
}

function reasonOf(findings: readonly FlowFinding[]): string {
  return findings
    .slice(0, MOST_REASONS)
    .map(({ reason }) => reason)
    .join('; ');
}
