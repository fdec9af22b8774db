import type { FlowView } from './data-flow.ts';
import type { Digest } from './digest.ts';
import type { ToolFacts } from './facts.ts';

/** On whose behalf the agent acts. */
export interface Principal {
  readonly id: string;
  readonly tenant?: string;
  readonly roles?: readonly string[];
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** The circumstances of a call. */
export interface CallContext {
  readonly principal?: Principal;
  readonly agent?: string;
  readonly session?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Ends the call: nothing starts afterwards, and nothing is waited for any longer. */
  readonly signal?: AbortSignal;
  /** `rid` of the call in whose body this one was made. */
  readonly parent?: string;
}

/** Which tool: names alone do not tell two sources apart. */
export interface ToolIdentity {
  /** Where the tool comes from, such as `app` or the name of an MCP server. */
  readonly source: string;
  readonly name: string;
  /** Digest of what else makes the tool what it is (description, schema, annotations). */
  readonly digest?: Digest;
}

/** A tool call as policies, hooks, approvers and sandboxes see it. Frozen. */
export interface ToolCall {
  /** One per request for a tool call, stable over suspend and resume. */
  readonly rid: string;
  /** The framework's id of the call; not unique. */
  readonly id: string;
  readonly tool: ToolIdentity;
  readonly facts: ToolFacts;
  /** The parsed arguments as they came. */
  readonly args: unknown;
  /** What the tool will receive: `args` after the sandbox resolved paths, hosts and commands. */
  readonly confined: unknown;
  /** Labels of the session so far. */
  readonly labels: readonly string[];
  /** Where values of the session came from; absent where the guard has no data flow. */
  readonly flow?: FlowView;
}
