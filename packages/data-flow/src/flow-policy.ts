import {
  type Decision,
  type Digest,
  digest,
  type Obligation,
  type Opinion,
  type Policy,
} from '@guardstile/core';

import { flowReport, type FlowReport } from './flow-report.ts';
import { flowRules, flowTool, readSpec } from './flow-rules.ts';
import type { FlowSpec } from './flow-spec.ts';
import type { FlowFinding } from './judge-flow.ts';
import type { FlowTool } from './tool-flow.ts';

/** A {@link FlowReport} and what is stated in vain. */
export interface FlowPolicyReport extends FlowReport {
  /** Tools that are stated and were never guarded. */
  readonly unknownTools: readonly string[];
}

/** Asks and denies by where arguments come from and go to. */
export interface FlowPolicy extends Policy {
  /** The tools guarded so far: sources, sinks, and what that comes to. */
  report(): FlowPolicyReport;
}

/**
 * A restricting layer that says where results come from, and asks and denies by where the values of
 * a call come from.
 *
 * @throws {TypeError} for a spec with problems; see `flowProblems`.
 */
export function flowPolicy(given: FlowSpec): FlowPolicy {
  const spec = readSpec(given);
  const rules = flowRules(spec);
  const id = digest('policy', { kind: 'data-flow', spec });
  const known = new Map<string, FlowTool>();
  return {
    name: 'data flow',
    layer: 'restricts',
    needs: Object.freeze({ dataFlow: true as const }),
    digest: () => id,
    resolve(info) {
      const tool = flowTool(spec, info);
      known.set(tool.name, tool);
      const { labels, judge } = rules.of(info);
      const obligations: readonly Obligation[] = Object.freeze(
        labels === undefined ? [] : [Object.freeze({ type: 'origins' as const, of: labels })],
      );
      const labelled = labels === undefined ? undefined : labelling(id, obligations);
      if (judge === undefined) return labelled;
      return (call) => opinionOf(id, judge(call), obligations) ?? labelled;
    },
    report: () => ({
      ...flowReport([...known.values()], spec.rules),
      unknownTools: Object.keys(spec.tools ?? {}).filter((name) => !known.has(name)),
    }),
  };
}

/** It grants nothing: a restricting layer cannot. */
function labelling(policy: Digest, obligations: readonly Obligation[]): Decision {
  const reason = 'nothing speaks against where its values come from';
  return Object.freeze({ ...base(policy, reason, 'labels', obligations), effect: 'allow' });
}

/** Most reasons that a person is told; the others are of the same kind. */
const MOST_REASONS = 5;

/** All findings as one opinion: the most restrictive, with every reason. */
function opinionOf(
  policy: Digest,
  findings: readonly FlowFinding[],
  obligations: readonly Obligation[],
): Opinion {
  if (findings.length === 0) return undefined;
  const denials = findings.filter(({ effect }) => effect === 'deny');
  const own = denials.length > 0 ? denials : findings;
  const shown = own.slice(0, MOST_REASONS).map(({ reason }) => reason);
  const all = base(policy, shown.join('; '), own[0]?.rule ?? 'data-flow', obligations);
  if (denials.length > 0) return Object.freeze({ ...all, effect: 'deny', code: 'denied' });
  const rules = [...new Set(own.map(({ rule }) => rule))];
  const requirements = { votes: [{ kind: 'confirm' as const }], editable: [], grants: [], rules };
  return Object.freeze({ ...all, effect: 'ask', requirements });
}

function base(
  policy: Digest,
  reason: string,
  rule: string,
  obligations: readonly Obligation[],
): Omit<Decision, 'effect' | 'code' | 'requirements'> {
  return { policy, reason, rule, obligations, limits: [], conditions: {} };
}
