import type { PathLabels, ToolCall, ToolIdentity, ToolInfo } from '@guardstile/core';

import { isDeclassify, objectionTo } from './declassification.ts';
import { flowProblems } from './flow-problems.ts';
import type { FlowSpec } from './flow-spec.ts';
import { ownCopy } from './own-copy.ts';
import { createFlowJudge, type FlowFinding } from './judge-flow.ts';
import type { FlowTool, ToolFlow } from './tool-flow.ts';

/** What a {@link FlowSpec} says of one tool. */
export interface FlowRules {
  /** Where the fields of its results come from. */
  readonly labels: PathLabels | undefined;
  /** Everything it has against a call; absent where it has nothing against any. */
  readonly judge: ((call: ToolCall) => readonly FlowFinding[]) | undefined;
}

/**
 * Resolves a spec per tool, for policies of one's own; see `flowPolicy`. A call without `flow` is a
 * denial wherever it would be asked.
 *
 * @throws {TypeError} for a spec with problems; see `flowProblems`.
 */
export function flowRules(spec: FlowSpec): { of(tool: ToolInfo): FlowRules } {
  const own = readSpec(spec);
  const { rules = [] } = own;
  return {
    of(info) {
      const tool = flowTool(own, info);
      if (isDeclassify(info.identity)) return DECLASSIFYING;
      const judge = createFlowJudge(tool, rules);
      return {
        labels: tool.flow.labels,
        judge: judge === undefined ? undefined : ({ flow, args }) => judge(flow, args),
      };
    },
  };
}

/** A copy that nobody can change. */
export function readSpec(spec: FlowSpec): FlowSpec {
  const problems = flowProblems(spec);
  if (problems.length > 0) {
    const lines = problems.map(({ path, message }) => `${path.join(' › ')}: ${message}`);
    throw new TypeError(`the data flow makes no sense: ${lines.join('; ')}`);
  }
  return ownCopy(spec);
}

const DECLASSIFYING: FlowRules = {
  labels: undefined,
  judge({ args }) {
    const objection = objectionTo(args);
    return objection === undefined ? [] : [{ ...objection, rule: 'declassify' }];
  },
};

const NOTHING: ToolFlow = Object.freeze({});

/** A tool with what the spec says of it. */
export function flowTool({ tools = {} }: FlowSpec, { identity, facts }: ToolInfo): FlowTool {
  const name = flowNameOf(identity);
  return { name, facts, flow: (Object.hasOwn(tools, name) ? tools[name] : undefined) ?? NOTHING };
}

/** How a tool is named where data flow is stated and explained. */
export function flowNameOf({ source, name }: ToolIdentity): string {
  return source === 'app' ? name : `${source}/${name}`;
}
