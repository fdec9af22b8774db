import { GuardError } from '@guardstile/core';
import { isInteropZodSchema } from '@langchain/core/utils/types';

/** What every LangChain tool has, as far as a guard looks at it, across versions of LangChain. */
export interface ToolShape {
  readonly name: string;
  readonly description?: unknown;
  /** A zod schema or a JSON Schema. */
  readonly schema?: unknown;
  /** Copied by LangChain into every `ToolMessage`; tools of MCP servers have their hints here. */
  readonly metadata?: unknown;
  readonly responseFormat?: unknown;
  readonly lc_runnable?: unknown;
}

/** The part of a tool's config that is used here. */
export interface ToolConfig {
  readonly signal?: AbortSignal;
  readonly configurable?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The runtime context of a graph. */
  readonly context?: unknown;
  readonly callbacks?: unknown;
  readonly runId?: string;
  /** What a guard handed to the body of this tool, or to that of an outer one. */
  readonly secrets?: unknown;
  /** The model's call with raw arguments. An outer tool may have passed its own on. */
  readonly toolCall?: { readonly id?: unknown; readonly name?: unknown; readonly args?: unknown };
}

/**
 * The value as a tool.
 *
 * @throws {GuardError} `tool_invalid` for what has no body that could be guarded: definitions of
 * tools that the provider runs, bindings, and what is no tool.
 */
export function toolShape(value: unknown): ToolShape {
  if (typeof value !== 'object' || value === null) throw invalid('it is not a LangChain tool');
  const tool = value as ToolShape; // read field by field below
  if (tool.lc_runnable !== true) {
    throw invalid(
      'it is a definition and no tool: whoever runs it, the provider or somebody else, a guard here would not see it; leave it out, or guard the model that uses it',
      nameOf(tool),
    );
  }
  if (typeof tool.name !== 'string' || !isSchema(tool.schema)) {
    throw invalid(
      'it has no name and schema of its own; guard the tool before withConfig(), withRetry() or pipe(), which keep the guard',
      nameOf(tool),
    );
  }
  return tool;
}

function isSchema(schema: unknown): boolean {
  return isInteropZodSchema(schema) || (typeof schema === 'object' && schema !== null);
}

function nameOf({ name }: ToolShape): string | undefined {
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function invalid(what: string, tool?: string): GuardError {
  return new GuardError(
    'tool_invalid',
    `${what}; pass what tool() returns`,
    tool === undefined ? {} : { tool },
  );
}
