import { GuardError } from '@guardstile/core';

import { fieldOf, isObject } from './field-of.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** An MCP client, as far as it is used here: of `@ai-sdk/mcp`, or of the protocol's own SDK. */
interface McpClientShape {
  readonly tools?: unknown;
}

export type Method = (...args: unknown[]) => unknown;

/** A method of the client, whose `this` is the client itself. */
export function methodOf(client: object, name: string): Method | undefined {
  const method: unknown = Reflect.get(client, name);
  if (typeof method !== 'function') return undefined;
  return (...args) => Reflect.apply(method, client, args) as unknown;
}

const MOST_PAGES = 1000;
const MOST_TOOLS = 10_000;

/** Clients of the protocol's own SDK make no tools, and take options as an argument of their own. */
export function isProtocolClient(client: McpClientShape): boolean {
  return typeof client.tools !== 'function';
}

/**
 * Everything that the server lists, page by page; `undefined` where the client cannot say.
 *
 * @throws {GuardError} `tool_invalid` for a list without an end.
 */
export async function listAll(
  client: object,
  signal: AbortSignal | undefined,
): Promise<readonly ToolDefinition[] | undefined> {
  const list = methodOf(client, 'listTools');
  if (list === undefined) return undefined;
  const tools: ToolDefinition[] = [];
  let cursor: unknown;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const listed = await list(...pageArguments(client, cursor, signal));
    tools.push(...definitionsIn(listed));
    if (tools.length > MOST_TOOLS) break;
    cursor = fieldOf(listed, 'nextCursor');
    if (cursor === undefined || cursor === null) return tools;
  }
  throw new GuardError(
    'tool_invalid',
    `the MCP server lists more than ${MOST_TOOLS} tools or ${MOST_PAGES} pages, and nobody can review them; do not use it`,
  );
}

/** The tools of a listing that can be told apart by a name. */
export function definitionsIn(listed: unknown): readonly ToolDefinition[] {
  const tools = fieldOf(listed, 'tools');
  if (!Array.isArray(tools)) return [];
  return (tools as readonly unknown[]).filter(isDefinition);
}

function isDefinition(value: unknown): value is ToolDefinition {
  return isObject(value) && typeof fieldOf(value, 'name') === 'string';
}

function pageArguments(
  client: McpClientShape,
  cursor: unknown,
  signal: AbortSignal | undefined,
): readonly unknown[] {
  const params = cursor === undefined ? undefined : { cursor };
  const options = signal === undefined ? undefined : { signal };
  if (isProtocolClient(client)) return [params, options];
  return [
    {
      ...(params === undefined ? {} : { params }),
      ...(options === undefined ? {} : { options }),
    },
  ];
}
