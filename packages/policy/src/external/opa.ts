import { type CallContext, ownOptions, type Policy, type ToolCall } from '@guardstile/core';

import { decisionPoint, type PointAnswer } from './decision-point.ts';

/** The `PolicyClient` of `@ai-sdk/policy-opa`. */
export interface OpaClient {
  evaluate(path: string, input: unknown): Promise<unknown>;
}

export interface OpaOptions {
  readonly client: OpaClient;
  /** The rule that gives the decision, such as `agent/call/decision`. */
  readonly path: string;
  /** Names the bundle. Part of the digest. @default the path */
  readonly version?: string;
  /** How long an answer may take, in milliseconds. @default 1000 */
  readonly timeoutMs?: number;
  /** What the rule gets as `input`. @default tool, args, and who calls */
  readonly toInput?: (call: ToolCall, context: CallContext) => unknown;
}

/**
 * OPA, through a client of `@ai-sdk/policy-opa`, as one more layer that restricts. Understands the
 * decisions of that package; a rule that is undefined denies.
 */
export function opa(options: OpaOptions): Policy {
  const known = ['client', 'path', 'version', 'timeoutMs', 'toInput'] as const;
  const {
    client,
    path,
    version = path,
    timeoutMs,
    toInput = inputOf,
  } = ownOptions('opa', options, known, 'options_invalid');
  return decisionPoint({
    name: 'opa',
    version: [path, version],
    timeoutMs,
    ask: async (call, context) => answerOf(await client.evaluate(path, toInput(call, context))),
  });
}

function inputOf({ tool, confined }: ToolCall, { principal, agent, session }: CallContext): object {
  return {
    tool: { name: tool.name, source: tool.source },
    args: confined,
    principal: principal ?? null,
    agent: agent ?? null,
    session: session ?? null,
  };
}

function answerOf(result: unknown): PointAnswer {
  const own = Object.assign(
    Object.create(null) as Record<string, unknown>,
    typeof result === 'object' ? result : undefined,
  );
  const reason = typeof own['reason'] === 'string' ? own['reason'] : undefined;
  switch (own['decision'] ?? own['allow']) {
    case 'allow':
    case true:
      return { effect: 'allow', reason };
    case 'deny':
    case false:
      return { effect: 'deny', reason };
    case 'requires-approval':
      return { effect: 'ask', reason };
    case 'not-applicable':
      return undefined;
    default:
      throw new Error('its answer is no decision');
  }
}
