import { bindAgain, type Guard, sameGuard } from '@guardstile/core';

import { cloneTool } from './clone-tool.ts';
import { demandOf, eitherDemand } from './demand.ts';
import { type Body, guardedExecute } from './guarded-execute.ts';
import { type Known, knownExecute, markExecute } from './known-execute.ts';
import { nativeApproval } from './native-approval.ts';
import { guardedCaller } from './tool-caller.ts';
import { type ExecuteFunction, type ToolShape, toolShape } from './tool-shape.ts';
import { specOf, type ToolOptions } from './tool-spec.ts';

/** The tool behind a guard. Tools that the SDK does not execute are returned as they are. */
export function guardTool(
  name: string,
  given: unknown,
  guard: Guard,
  options: ToolOptions,
): object {
  const tool = toolShape(name, given);
  const caller = guardedCaller(tool, (bound) => guardTool(name, bound, guard, options));
  const execute = tool.execute as ExecuteFunction | undefined; // toolShape() checked it
  if (execute === undefined) {
    const { needsApproval } = tool;
    return caller === undefined ? tool : cloneTool(tool, { execute, needsApproval, caller });
  }
  const before = knownExecute(execute);
  const bound = bindAgain(before?.guard, guard);
  const again = before !== undefined && before.tool.name === name && sameGuard(before.guard, guard);
  const stated = again ? merged(before.options, options) : options;
  const body = bodyOf(tool, execute, before, again);
  const plain = bound.tool(specOf(name, tool, stated));
  const handle = stated.through?.(plain) ?? plain;
  const inner = again ? before.inner : before;
  const known: Known = {
    guard: bound,
    tool: handle,
    body,
    withSecrets: stated.secrets !== undefined,
    unknownApprovals: stated.unknownApprovals ?? 'refuse',
    options: stated,
    approval: nativeApproval(bound, handle, body.demand, inner?.approval),
    inner,
  };
  const wrapper = markExecute(guardedExecute(known), known);
  return cloneTool(tool, { execute: wrapper, needsApproval: known.approval, caller });
}

/**
 * What to put behind the guard. The same guard guards once: a tool that comes back under its name,
 * perhaps as a changed copy, keeps its body and what was said of it, and has one context.
 */
function bodyOf(
  tool: ToolShape,
  execute: ExecuteFunction,
  before: Known | undefined,
  again: boolean,
): Body {
  // What a guard put there is no demand of the tool; what somebody has put there since is one.
  const own = before !== undefined && tool.needsApproval === before.approval;
  const demand = own ? undefined : demandOf(tool);
  if (before === undefined || !again) return { self: tool, execute, demand };
  const { body } = before;
  return demand === undefined ? body : { ...body, demand: eitherDemand(body.demand, demand) };
}

function merged(before: ToolOptions, now: ToolOptions): ToolOptions {
  return {
    facts: now.facts ?? before.facts,
    source: now.source ?? before.source,
    trusted: now.trusted ?? before.trusted,
    secrets: now.secrets ?? before.secrets,
    unknownApprovals: now.unknownApprovals ?? before.unknownApprovals,
    through: now.through ?? before.through,
  };
}
