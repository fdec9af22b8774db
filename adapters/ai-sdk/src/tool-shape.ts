import { GuardError } from '@guardstile/core';

/** The part of an AI SDK tool that a guard looks at, across versions of the SDK. */
export interface ToolShape {
  readonly description?: unknown;
  readonly inputSchema?: unknown;
  readonly execute?: unknown;
  readonly needsApproval?: unknown;
  /** Tools of an MCP client carry the server's annotations here. */
  readonly metadata?: unknown;
  readonly contextSchema?: unknown;
  /** How the SDK lets generated code call other tools through this one. */
  readonly experimental_toolCaller?: unknown;
}

/** What the SDK passes to `execute`, as far as it is used here. */
export interface ExecuteOptions {
  readonly toolCallId?: unknown;
  readonly messages?: readonly Message[];
  readonly abortSignal?: AbortSignal;
}

/** A message of the conversation, as far as it is used here. */
export interface Message {
  readonly role?: unknown;
  readonly content?: unknown;
}

export type ExecuteFunction = (input: unknown, options: unknown) => unknown;

/**
 * The value as a tool.
 *
 * @throws {GuardError} `tool_invalid` for what the SDK would not take for one; returned as it is, it
 * could be something with a body of its own that nothing guards.
 */
export function toolShape(name: string, tool: unknown): ToolShape {
  const known =
    typeof tool === 'object' && tool !== null && ('inputSchema' in tool || 'execute' in tool);
  const { execute } = (known ? tool : {}) as ToolShape;
  if (known && (execute === undefined || typeof execute === 'function')) return tool;
  throw new GuardError('tool_invalid', 'it is not an AI SDK tool; pass what tool() returns', {
    tool: name,
  });
}
