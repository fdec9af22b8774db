import {
  type CallContext,
  type Decision,
  type Digest,
  digest,
  type Hooks,
  type Opinion,
  type Policy,
  type SessionKey,
  type ToolCall,
  type ToolIdentity,
  type ToolInfo,
} from '@guardstile/core';

import type { FlowRule } from './flow-rule.ts';
import { flowReport, type FlowReport } from './flow-report.ts';
import { createFlowJudge, type FlowFinding, type FlowJudge } from './judge-flow.ts';
import { type ResultLabels, resultLabels } from './observe-result.ts';
import type { Origin } from './origin.ts';
import type { SessionFlow } from './session-flow.ts';
import { createSessionFlows, type SessionFlowsOptions } from './session-flows.ts';
import type { FlowTool, ToolFlow } from './tool-flow.ts';

/** What is stated of the flow of data. */
export interface DataFlowOptions extends SessionFlowsOptions {
  /** By tool name; a tool of another source than `app` as `source/name`. */
  readonly tools?: Readonly<Record<string, ToolFlow>>;
  readonly rules?: readonly FlowRule[];
}

/** Data flow for one guard. */
export interface DataFlow {
  /** Asks and denies by where arguments come from and go to: a restricting layer. */
  readonly policy: Policy;
  /** Sees what calls return; for `createGuard({ hooks })`. */
  readonly hooks: Hooks;
  /** Keeps what the user typed, on behalf of whom the context says. Quoted parts can have another origin. */
  prompt(context: CallContext, text: string, origin?: Origin): void;
  /** The memory of the context's session. */
  session(context: CallContext): SessionFlow;
  /** The tools guarded so far: sources, sinks, and what that comes to. */
  report(): DataFlowReport;
}

/** A {@link FlowReport} and what is stated in vain. */
export interface DataFlowReport extends FlowReport {
  /** Tools that are stated and were never guarded. */
  readonly unknownTools: readonly string[];
  /** Labels whose paths no result has had so far, as `tool: path`. */
  readonly unmatchedLabels: readonly string[];
}

interface Known {
  readonly tool: FlowTool;
  readonly judge: FlowJudge;
  readonly labels: ResultLabels;
}

/** @throws {TypeError} for labels and rules that make no sense. */
export function createDataFlow(options: DataFlowOptions = {}): DataFlow {
  const { tools = {}, rules = [], ...each } = options;
  const flows = createSessionFlows(each);
  const id = digest('policy', { kind: 'data-flow', tools: plain(tools), rules: plain(rules) });
  const known = new Map<string, Known>();
  const unmatched = new Map<string, Set<string>>();
  // What makes no sense is refused here, and not when a tool is first guarded.
  for (const [name, flow] of Object.entries(tools)) learn(name, NO_FACTS, flow);
  known.clear();

  function learn(name: string, facts: FlowTool['facts'], flow: ToolFlow): Known {
    const tool = { name, facts, flow };
    const own = { tool, judge: createFlowJudge(tool, rules), labels: resultLabels(tool) };
    known.set(name, own);
    unmatched.set(name, new Set(Object.keys(flow.labels ?? {})));
    return own;
  }

  function knownOf({ identity, facts }: ToolInfo): Known {
    const name = nameOf(identity);
    const stated = Object.hasOwn(tools, name) ? tools[name] : undefined;
    return known.get(name) ?? learn(name, facts, stated ?? {});
  }

  const session = (context: CallContext): SessionFlow => flows.of(keyOf(context));

  function see(call: ToolCall, context: CallContext, status: string, value: unknown): void {
    const flow = session(context);
    try {
      const { tool, labels } = knownOf({ identity: call.tool, facts: call.facts });
      const { name } = tool;
      if (call.facts.effect !== 'readOnly' && status !== 'not-started') {
        flow.observe(call.args, { origin: 'sent', tool: name, rid: call.rid });
      }
      if (status !== 'ok') return void labels.observeError(flow, value, call.rid);
      const report = labels.observe(flow, value, call.rid);
      const left = unmatched.get(name);
      if (report.unread !== undefined || left === undefined) return;
      unmatched.set(name, new Set([...left].filter((path) => report.unmatched.includes(path))));
    } catch {
      // Hooks that fail change nothing, so what was not seen has to be known as such.
      flow.distrust();
    }
  }

  return {
    policy: {
      name: 'data flow',
      layer: 'restricts',
      digest: () => id,
      resolve(info) {
        const { judge } = knownOf(info);
        return (call, context) => opinionOf(id, judge(session(context), call.args));
      },
    },
    hooks: {
      name: 'data flow',
      postTool(call, { status, result, error }, context) {
        see(call, context, status, status === 'ok' ? result : error);
      },
    },
    prompt: (context, text, origin = 'prompt') => void session(context).observe(text, { origin }),
    session,
    report: () => ({
      ...flowReport([...known.values()].map(({ tool }) => tool)),
      unknownTools: Object.keys(tools).filter((name) => !known.has(name)),
      unmatchedLabels: [...unmatched].flatMap(([tool, paths]) =>
        [...paths].map((path) => `${tool}: ${path}`),
      ),
    }),
  };
}

const NO_FACTS: FlowTool['facts'] = {
  effect: 'unknown',
  money: false,
  capabilities: [],
  why: 'nothing is known yet',
};

function nameOf({ source, name }: ToolIdentity): string {
  return source === 'app' ? name : `${source}/${name}`;
}

const keys = new WeakMap<CallContext, SessionKey>();

/** Contexts do not change, and calls share them. */
function keyOf(context: CallContext): SessionKey {
  let key = keys.get(context);
  if (key === undefined) {
    const { principal, session } = context;
    key = { tenant: principal?.tenant, principal: principal?.id, session };
    keys.set(context, key);
  }
  return key;
}

/** Most reasons that a person is told; the others are of the same kind. */
const MOST_REASONS = 5;

/** All findings as one opinion: the most restrictive, with every reason. */
function opinionOf(policy: Digest, findings: readonly FlowFinding[]): Opinion {
  if (findings.length === 0) return undefined;
  const denials = findings.filter(({ effect }) => effect === 'deny');
  const own = denials.length > 0 ? denials : findings;
  const shown = own.slice(0, MOST_REASONS).map(({ reason }) => reason);
  const base = {
    policy,
    reason: shown.join('; '),
    rule: own[0]?.rule ?? 'data-flow',
    obligations: [],
    limits: [],
    conditions: {},
  };
  const decision: Decision =
    denials.length > 0
      ? { ...base, effect: 'deny', code: 'denied' }
      : { ...base, effect: 'ask', requirements: confirm(own.map(({ rule }) => rule)) };
  return decision;
}

function confirm(rules: readonly string[]) {
  return {
    votes: [{ kind: 'confirm' as const }],
    editable: [],
    grants: [],
    rules: [...new Set(rules)],
  };
}

/** For a digest: functions by their source text. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_name, own: unknown) => (typeof own === 'function' ? String(own) : own)),
  );
}
