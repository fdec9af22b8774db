import { describeUnvouched } from './describe-provenance.ts';
import type { FlowRule } from './flow-rule.ts';
import { violates } from './flow-rule.ts';
import { unvouchedIn } from './from-rule.ts';
import type { Provenance } from './provenance.ts';
import { readPath } from './read-path.ts';
import type { SessionFlow } from './session-flow.ts';
import { type FlowTool, isIrreversible } from './tool-flow.ts';

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

/** Everything that the rules have against a call; nothing against it means no opinion. Pure. */
export function judgeFlow(
  flow: SessionFlow,
  tool: FlowTool,
  args: unknown,
  rules: readonly FlowRule[] = [],
): readonly FlowFinding[] {
  const findings: FlowFinding[] = [];
  for (const [argument, rule] of Object.entries(tool.flow.args ?? {})) {
    for (const { value, provenance } of unvouchedIn(flow, readPath(args, argument), rule)) {
      findings.push({
        effect: rule.else ?? 'ask',
        rule: `from:${argument}`,
        reason: describeUnvouched(argument, value, provenance),
        argument,
        provenance,
      });
    }
  }
  for (const rule of rules) {
    const reason = violates(flow, tool, args, rule);
    if (reason !== undefined) {
      findings.push({ effect: rule.else ?? 'deny', rule: `flow:${rule.id}`, reason });
    }
  }
  if (isIrreversible(tool)) {
    const reason = `${tool.name} cannot be undone`;
    findings.push({ effect: 'ask', rule: 'irreversible', reason });
  }
  return findings;
}
