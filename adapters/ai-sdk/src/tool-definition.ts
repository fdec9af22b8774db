import { canonical, type Digest, digest } from '@guardstile/core';

/** A tool as an MCP server lists it. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly inputSchema?: unknown;
  readonly outputSchema?: unknown;
  readonly annotations?: unknown;
}

/** What a tool was when it was accepted. Plain data. */
export interface DefinitionPin {
  readonly name: string;
  /** Digest of title and description. */
  readonly description: Digest;
  /** Digest of the schemas of input and output. */
  readonly schema: Digest;
  readonly annotations: Digest;
}

/** A part of a definition that a pin covers, besides the name. */
export type PinnedPart = 'description' | 'schema' | 'annotations';

const PARTS: readonly PinnedPart[] = ['description', 'schema', 'annotations'];

/** Longest definition in characters: everything in it is sent to the model with every request. */
const LONGEST_DEFINITION = 100_000;

/** The pin of the definition; `undefined` when it is too large or cannot be read. */
export function pinOf(definition: ToolDefinition): DefinitionPin | undefined {
  const { name, title, description, inputSchema, outputSchema, annotations } = definition;
  // Checked first, since a server decides how long its texts are.
  if (lengthOf(name) + lengthOf(title) + lengthOf(description) > LONGEST_DEFINITION) {
    return undefined;
  }
  try {
    const parts = {
      description: { title, description },
      schema: { inputSchema, outputSchema },
      annotations: { annotations },
    };
    if (canonical(parts).length > LONGEST_DEFINITION) return undefined;
    return {
      name,
      description: digest('definition', parts.description),
      schema: digest('definition', parts.schema),
      annotations: digest('definition', parts.annotations),
    };
  } catch {
    return undefined;
  }
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? text.length : 0;
}

/** The parts in which two definitions differ. */
export function changedParts(before: DefinitionPin, now: DefinitionPin): readonly PinnedPart[] {
  return PARTS.filter((part) => before[part] !== now[part]);
}
