import { type Guard, sameGuard } from '@guardstile/core';

import { cloneTool } from './clone-tool.ts';
import { demandOf, eitherDemand } from './demand.ts';
import { type Body, guardedExecute } from './guarded-execute.ts';
import { type NativeApproval, nativeApproval } from './native-approval.ts';
import { guardedCaller } from './tool-caller.ts';
import { type ExecuteFunction, type ToolShape, toolShape } from './tool-shape.ts';
import { specOf, type ToolOptions } from './tool-spec.ts';

/** What is known of an `execute` that a guard made. */
interface Behind {
  readonly guard: Guard;
  readonly name: string;
  readonly options: ToolOptions;
  readonly body: Body;
  readonly approval: NativeApproval | undefined;
}

/** A guarded `execute` is recognised by the function itself, which nobody can copy. */
const known = new WeakMap<ExecuteFunction, Behind>();

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
  const behind = behindOf(name, tool, execute, guard, options);
  const { body, approval } = behind;
  const handle = guard.tool(specOf(name, tool, behind.options));
  const guarded = guardedExecute(guard, handle, body, behind.options.secrets !== undefined);
  const needsApproval = nativeApproval(guard, handle, body.demand, approval);
  known.set(guarded, { guard, name, options: behind.options, body, approval: needsApproval });
  return cloneTool(tool, { execute: guarded, needsApproval, caller });
}

/**
 * What to put behind the guard. The same guard guards once: a tool that comes back under its name,
 * perhaps as a changed copy, is bound to the new context only and keeps what was said of it.
 */
function behindOf(
  name: string,
  tool: ToolShape,
  execute: ExecuteFunction,
  guard: Guard,
  options: ToolOptions,
): Pick<Behind, 'options' | 'body' | 'approval'> {
  const before = known.get(execute);
  if (before === undefined) {
    return { options, body: { self: tool, execute, demand: demandOf(tool) }, approval: undefined };
  }
  // What a guard put there is no demand of the tool; what somebody has put there since is one.
  const added = tool.needsApproval === before.approval ? undefined : demandOf(tool);
  if (before.name !== name || !sameGuard(before.guard, guard)) {
    const { approval } = before;
    return { options, body: { self: tool, execute, demand: added }, approval };
  }
  const { body } = before;
  return {
    options: merged(before.options, options),
    body: added === undefined ? body : { ...body, demand: eitherDemand(body.demand, added) },
    approval: undefined,
  };
}

function merged(before: ToolOptions, now: ToolOptions): ToolOptions {
  return {
    facts: now.facts ?? before.facts,
    source: now.source ?? before.source,
    trusted: now.trusted ?? before.trusted,
    secrets: now.secrets ?? before.secrets,
  };
}
