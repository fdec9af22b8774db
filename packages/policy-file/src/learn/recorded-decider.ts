import {
  type Decision,
  type Effect,
  type Fact,
  factsOf,
  type Ruling,
  type ToolCall,
  type ToolInfo,
} from '@guardstile/core';

import type { FilePolicy } from '../load-policy.ts';
import { type Demands, demandsOf } from './demands.ts';
import type { RecordedCall } from './recorded-calls.ts';
import { watchedArgs, watchedContext, watchedFacts, watchedFlow } from './watched-call.ts';

/** What a policy decides of a recorded call. */
export type RecordedVerdict =
  | {
      readonly kind: 'told';
      readonly effect: Effect | 'none';
      readonly rule: string | undefined;
      readonly reason: string;
      readonly demands: Demands;
      /** Whether it was decided by what the tool does, of which nothing is stated. */
      readonly byFacts: boolean;
    }
  /** It depends on something that the log does not hold. */
  | { readonly kind: 'untold'; readonly because: string };

/** Decides recorded calls, one after the other. */
export type RecordedDecider = (call: RecordedCall) => Promise<RecordedVerdict>;

interface Resolved {
  readonly info: ToolInfo;
  readonly ruling: Ruling;
  readonly byFacts: () => boolean;
}

const MOST_KEPT = 1000;

/** Facts that are stated of the application's own tools. */
export type Facts = Readonly<Record<string, Fact | readonly Fact[]>>;

/** A policy as it decides what a log holds. What it would have to guess it does not tell. */
export function recordedDecider(policy: FilePolicy, facts: Facts = {}): RecordedDecider {
  const tools = new Map<string, Resolved>();
  const resolved = (source: string, name: string): Resolved => {
    const key = JSON.stringify([source, name]);
    const known = tools.get(key);
    if (known !== undefined) return known;
    if (tools.size >= MOST_KEPT) tools.clear();
    const made = resolve(policy, facts, source, name);
    tools.set(key, made);
    return made;
  };
  return async (call) => {
    const { info, ruling, byFacts } = resolved(call.source, call.tool);
    let because: string | undefined;
    const looked = (at: string): void => {
      because ??= at;
    };
    let decision: Decision | undefined;
    try {
      decision = await (typeof ruling === 'function'
        ? ruling(
            { ...callOf(call, info, watchedArgs(call.args, looked)), flow: watchedFlow(looked) },
            watchedContext(call, looked),
          )
        : ruling);
    } catch {
      // As the guard does with a policy that fails.
      if (because === undefined) return { ...NO_OPINION, effect: 'deny', reason: FAILS };
    }
    if (because !== undefined) return { kind: 'untold', because };
    return told(decision, byFacts());
  };
}

const FAILS = 'the policy fails';
const NO_OPINION = {
  kind: 'told',
  effect: 'none',
  rule: undefined,
  reason: 'no opinion',
  demands: demandsOf(undefined),
  byFacts: false,
} as const;

function told(decision: Decision | undefined, byFacts: boolean): RecordedVerdict {
  if (decision === undefined) return { ...NO_OPINION, byFacts };
  const { effect, rule, reason } = decision;
  return { kind: 'told', effect, rule, reason, demands: demandsOf(decision), byFacts };
}

function resolve(policy: FilePolicy, facts: Facts, source: string, name: string): Resolved {
  const stated = source === 'app' && Object.hasOwn(facts, name) ? facts[name] : undefined;
  const isStated = stated !== undefined || (source === 'app' && Object.hasOwn(policy.facts, name));
  let looked = false;
  const known = watchedFacts(factsOf(name, { stated }), () => {
    looked = true;
  });
  const info: ToolInfo = { identity: { source, name }, facts: known };
  const ruling = policy.resolve(info);
  return { info, ruling, byFacts: () => looked && !isStated };
}

function callOf({ rid }: RecordedCall, { identity, facts }: ToolInfo, args: unknown): ToolCall {
  return { rid, id: rid, tool: identity, facts, args, confined: args, labels: [] };
}
