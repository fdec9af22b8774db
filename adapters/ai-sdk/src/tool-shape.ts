/** The part of an AI SDK tool that a guard looks at, across versions of the SDK. */
export interface ToolShape {
  readonly description?: unknown;
  readonly inputSchema?: unknown;
  readonly execute?: unknown;
  readonly needsApproval?: unknown;
  /** Tools of an MCP client carry the server's annotations here. */
  readonly _meta?: unknown;
  readonly metadata?: unknown;
}

/** What the SDK passes to `execute`, as far as it is used here. */
export interface ExecuteOptions {
  readonly toolCallId?: string;
  readonly messages?: readonly Message[];
  readonly abortSignal?: AbortSignal;
}

/** A message of the conversation, as far as it is used here. */
export interface Message {
  readonly role?: unknown;
  readonly content?: unknown;
}

export type ExecuteFunction = (input: unknown, options: unknown) => unknown;

export type NeedsApproval = boolean | ((input: unknown, options: unknown) => unknown);
