import { type Guard, GuardError } from '@guardstile/core';

import { guardTool, type ToolLike } from './guard-tool.ts';
import { type Known, knownTool } from './known-tool.ts';
import { toolByName } from './tools-by-name.ts';
import { toolOptions, type ToolSetOptions } from './tool-set-options.ts';

/** The tools of the agents that one middleware stands in, behind its guard. */
export interface MiddlewareTools {
  /** The tool behind the guard; the same one each time. */
  guarded(tool: ToolLike): ToolLike;
  /** What is behind it. */
  known(tool: ToolLike): Known;
  /** Remembers which tools an agent has. */
  remember(agent: string | undefined, tools: ReadonlyMap<string, ToolLike>): void;
  /** The tool of this name, as the agent had it last, or else as it was guarded last. */
  named(agent: string | undefined, name: string): Known | undefined;
}

export function middlewareTools(guard: Guard, options: ToolSetOptions): MiddlewareTools {
  const clones = new WeakMap<ToolLike, ToolLike>();
  const agents = new Map<string | undefined, ReadonlyMap<string, ToolLike>>();

  function guarded(tool: ToolLike): ToolLike {
    let clone = clones.get(tool);
    if (clone === undefined) {
      clones.set(tool, (clone = guardTool(tool, guard, toolOptions(tool.name, options))));
    }
    return clone;
  }

  function known(tool: ToolLike): Known {
    const found = knownTool(guarded(tool));
    if (found !== undefined) return found;
    throw new GuardError('tool_invalid', 'its guard cannot be found', { tool: tool.name });
  }

  return {
    guarded,
    known,
    remember: (agent, tools) => {
      agents.set(agent, tools);
    },
    named(agent, name) {
      const tool = agents.get(agent)?.get(name) ?? toolByName(guard, name);
      return tool === undefined ? undefined : known(tool);
    },
  };
}
