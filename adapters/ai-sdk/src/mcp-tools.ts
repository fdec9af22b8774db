import { type Guard, isGuardError } from '@guardstile/core';

import { fieldOf, isObject } from './field-of.ts';
import { guardTool } from './guard-tool.ts';
import { mcpFailure } from './mcp-failure.ts';
import { definitionsIn, listAll, type Method, methodOf } from './mcp-listing.ts';
import type { McpSource } from './mcp-source.ts';
import { mcpTool } from './mcp-tool.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** The methods of a client that list tools or make them. */
export interface McpTools {
  readonly tools: Method;
  readonly listTools: Method;
  readonly toolsFromDefinitions: Method;
}

export function mcpTools(client: object, guard: Guard, source: McpSource): McpTools {
  function guardSet(tools: unknown): object {
    const guarded = Object.create(null) as Record<string, object>;
    for (const name of isObject(tools) ? Object.keys(tools) : []) {
      const tool = guardOne(name, fieldOf(tools, name));
      if (tool !== undefined) guarded[name] = tool;
    }
    return guarded;
  }

  /** A tool that cannot be guarded is left out: no server may end the program with a name. */
  function guardOne(name: string, tool: unknown): object | undefined {
    try {
      return guardTool(name, tool, guard, {
        ...source.stated(name),
        failure: mcpFailure,
        through: (handle) => mcpTool(handle, () => source.denial(name)),
      });
    } catch (error) {
      if (!isGuardError(error) || error.code !== 'tool_invalid') throw error;
      source.leaveOut(name, error.message);
      return undefined;
    }
  }

  function fromDefinitions(definitions: unknown, given: readonly unknown[]): object {
    const shown = definitionsIn(definitions).map((definition) =>
      source.denial(definition.name) === undefined ? definition : notice(definition.name),
    );
    const make = methodOf(client, 'toolsFromDefinitions');
    return guardSet(make?.({ ...(definitions as object), tools: shown }, ...given));
  }

  return {
    toolsFromDefinitions(definitions, ...given) {
      source.observe(definitionsIn(definitions), false);
      return fromDefinitions(definitions, given);
    },
    async tools(...given) {
      const whole = methodOf(client, 'toolsFromDefinitions') !== undefined;
      const tools = whole ? await listAll(client, undefined) : undefined;
      if (tools === undefined) return guardSet(await withoutDenied(client, given, source));
      source.observe(tools, true);
      return fromDefinitions({ tools }, given);
    },
    async listTools(...given) {
      const listed = await methodOf(client, 'listTools')?.(...given);
      if (isWhole(given[0], listed)) source.observe(definitionsIn(listed), true);
      return listed;
    },
  };
}

/** The model sees nothing of a definition that was not accepted: its text may be the attack. */
function notice(name: string): ToolDefinition {
  return {
    name,
    description: 'Not available: its definition has not been accepted. Do not call it.',
    inputSchema: { type: 'object' },
  };
}

/** Older clients make tools without their definitions: what is denied is left out. */
async function withoutDenied(
  client: object,
  given: readonly unknown[],
  source: McpSource,
): Promise<object> {
  const tools = await methodOf(client, 'tools')?.(...given);
  const names = isObject(tools) ? Object.keys(tools) : [];
  source.observe(
    names.map((name) => definitionOf(name, fieldOf(tools, name))),
    true,
  );
  const accepted = names.filter((name) => source.denial(name) === undefined);
  return Object.fromEntries(accepted.map((name) => [name, fieldOf(tools, name)]));
}

function definitionOf(name: string, tool: unknown): ToolDefinition {
  return {
    name,
    description: fieldOf(tool, 'description'),
    inputSchema: fieldOf(fieldOf(tool, 'inputSchema'), 'jsonSchema'),
    annotations: fieldOf(fieldOf(tool, 'metadata'), 'annotations'),
  };
}

/** Whether a listing is all that the server lists, and not one page of it. */
function isWhole(asked: unknown, listed: unknown): boolean {
  const cursor = fieldOf(asked, 'cursor') ?? fieldOf(fieldOf(asked, 'params'), 'cursor');
  return (cursor ?? fieldOf(listed, 'nextCursor') ?? undefined) === undefined;
}
