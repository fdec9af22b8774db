import {
  type CallContext,
  factsOf,
  type FlowSight,
  type FlowView,
  ownOptions,
  type ToolCall,
  type ToolInfo,
  type Turn,
} from '@guardstile/core';
import { createDataFlow } from '@guardstile/data-flow';
import type { RulePolicy } from '@guardstile/policy';

import type { Seen } from './policy-file-document.ts';
import type { StatedFacts } from './with-facts.ts';

export interface SeenOptions {
  /** Who calls. @default nobody that is known */
  readonly context?: CallContext;
  /** What is stated of the tools. @default nothing */
  readonly facts?: StatedFacts;
}

/** What a session has seen: its memory is the one of guards, its labels are those of the policy. */
export async function seenFlow(
  policy: Pick<RulePolicy, 'labelsOf'>,
  seen: readonly Seen[],
  options: SeenOptions = {},
): Promise<FlowView> {
  const known = ['context', 'facts'] as const;
  const own = ownOptions('seenFlow', options, known, 'options_invalid');
  const { context: whose = {}, facts = {} } = own;
  const context = { session: 'seen', ...whose };
  const memory = createDataFlow();
  const turns: Turn[] = [];
  for (const [i, one] of seen.entries()) {
    if ('prompt' in one) turns.push({ role: 'user', text: one.prompt });
    // What is not looked at in its time counts as later than what comes next.
    await memory.session(context, turns);
    if ('prompt' in one) continue;
    const tool = toolNamed(one.tool, one.source, facts);
    const call = callOf(tool, one.args, `seen-${i}`);
    await memory.starting(call, context);
    const labels = policy.labelsOf(tool, context);
    await memory.observe(call, context, {
      ...sightOf(one),
      labels: labels === undefined ? [] : [labels],
    });
  }
  return memory.session(context, turns);
}

function sightOf(seen: Exclude<Seen, { prompt: string }>): Pick<FlowSight, 'kind' | 'value'> {
  return 'error' in seen
    ? { kind: 'error', value: new Error(seen.error) }
    : { kind: 'result', value: seen.result };
}

export function toolNamed(name: string, source = 'app', facts: StatedFacts = {}): ToolInfo {
  const stated = source === 'app' && Object.hasOwn(facts, name) ? facts[name] : undefined;
  return { identity: { source, name }, facts: factsOf(name, { stated }) };
}

export function callOf({ identity, facts }: ToolInfo, args: unknown = {}, rid = ''): ToolCall {
  return { rid, id: rid, tool: identity, facts, args, confined: args, labels: [] };
}
