import type { Guard } from '@guardstile/core';

import type { ToolLike } from './guard-tool.ts';

/** Tools by name; `several` where tools of one name say different things of themselves. */
type Tools = Map<string, ToolLike | 'several'>;

/** By what all contexts of one guard share. */
const guards = new WeakMap<Guard['close'], Tools>();

/**
 * Remembers a guarded tool, so that a middleware of the same guard knows it before it has seen the
 * agent's tools: after a restart, a graph goes on behind the model.
 */
export function rememberTool(guard: Guard, tool: ToolLike): void {
  let tools = guards.get(guard.close);
  if (tools === undefined) guards.set(guard.close, (tools = new Map()));
  const before = tools.get(tool.name);
  const other = before !== undefined && descriptionOf(before) !== descriptionOf(tool);
  tools.set(tool.name, other ? 'several' : tool);
}

/** The tool that was guarded under this name, if it is one. */
export function toolByName(guard: Guard, name: string): ToolLike | undefined {
  const tool = guards.get(guard.close)?.get(name);
  return tool === 'several' ? undefined : tool;
}

/** Part of what identifies a tool to the guard. */
function descriptionOf(tool: ToolLike | 'several'): unknown {
  return tool === 'several' ? undefined : (tool as { readonly description?: unknown }).description;
}
