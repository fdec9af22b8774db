import { classOf, covers, type Origin } from './origin.ts';
import { placeText } from './describe-provenance.ts';
import type { SessionFlow } from './session-flow.ts';
import { type FlowTool, type Sink, sinksOf } from './tool-flow.ts';

/** What must not flow where. */
export interface FlowRule {
  readonly id: string;
  readonly from: Origin;
  readonly to: Sink;
  /** @default 'deny' */
  readonly else?: 'ask' | 'deny';
  /**
   * Whether the arguments have to hold what must not flow, or it is enough that the session has
   * seen any of it: for what values cannot show, such as a summary.
   *
   * @default 'value' for secrets, 'session' for everything else
   */
  readonly by?: 'value' | 'session';
}

/** Why a call breaks the rule; `undefined` when it keeps it. */
export function violates(
  flow: SessionFlow,
  tool: FlowTool,
  args: unknown,
  rule: FlowRule,
): string | undefined {
  if (!sinksOf(tool).includes(rule.to)) return undefined;
  const isSecret = classOf(rule.from) === 'secret';
  if ((rule.by ?? (isSecret ? 'value' : 'session')) === 'session' || !isSecret) {
    const seen = flow.origins.some((origin) => covers(rule.from, origin));
    return seen || !flow.complete
      ? `the session has seen ${rule.from} content, and ${tool.name} leads to ${rule.to}`
      : undefined;
  }
  const [place] = flow.secretsIn(args).filter(({ origin }) => covers(rule.from, origin));
  if (place !== undefined) {
    return `its arguments hold a secret (${placeText(place)}), and ${tool.name} leads to ${rule.to}`;
  }
  return flow.complete
    ? undefined
    : `the session holds more than is kept, so nobody can tell whether a secret goes to ${rule.to}`;
}
