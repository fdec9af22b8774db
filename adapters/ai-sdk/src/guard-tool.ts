import {
  type CallInput,
  type Fact,
  type Guard,
  type GuardedTool,
  GuardError,
  sameGuard,
  type ToolRun,
  type ToolSpec,
} from '@guardstile/core';

import { approvedIn } from './approval-answer.ts';
import { cloneTool } from './clone-tool.ts';
import { inputSchemaOf } from './input-schema.ts';
import { drained, generated, isAsyncGeneratorFunction } from './streaming.ts';
import type { ExecuteFunction, ExecuteOptions, NeedsApproval, ToolShape } from './tool-shape.ts';

/** What was said of one tool. */
export interface ToolOptions {
  readonly facts: Fact | readonly Fact[] | undefined;
  readonly source: string | undefined;
  readonly trusted: boolean | undefined;
  readonly secrets: readonly string[] | undefined;
}

/** Which guard a wrapper belongs to: recognised by the function itself, which nobody can copy. */
const wrappers = new WeakMap<object, { readonly guard: Guard; readonly original: ToolShape }>();

/** The tool behind a guard. Tools that the SDK does not execute are returned as they are. */
export function guardTool(name: string, tool: unknown, guard: Guard, options: ToolOptions): object {
  if (typeof tool !== 'object' || tool === null) {
    throw new GuardError('tool_invalid', 'it is not a tool; pass what tool() returns', { tool: name });
  }
  const wrapper = wrappers.get(executeOf(tool) ?? tool);
  const again = wrapper !== undefined && sameGuard(wrapper.guard, guard);
  // The same guard guards once: a tool that comes back is bound to the new context only.
  const original = again ? wrapper.original : (tool as ToolShape);
  const execute = executeOf(original);
  if (execute === undefined) return tool;
  const handle = guard.tool(specOf(name, original, options));
  const own = original.needsApproval as NeedsApproval | undefined;
  const guarded = guardedExecute(original, execute, handle, own, options.secrets !== undefined);
  wrappers.set(guarded, { guard, original });
  return cloneTool(original, {
    execute: guarded,
    needsApproval: needsApprovalFor(guard, handle, own),
  });
}

function executeOf(tool: ToolShape): ExecuteFunction | undefined {
  return typeof tool.execute === 'function' ? (tool.execute as ExecuteFunction) : undefined;
}

const specs = new WeakMap<object, Map<string, ToolSpec>>();

/** The same tool under the same name and options is one spec, so that its rules are resolved once. */
function specOf(name: string, tool: ToolShape, options: ToolOptions): ToolSpec {
  const { facts, source, trusted, secrets } = options;
  const plain = source === undefined && trusted === undefined && secrets === undefined;
  const key = plain && (facts === undefined || typeof facts === 'string') ? `${facts ?? ''}/${name}` : undefined;
  let known = specs.get(tool);
  if (known === undefined) specs.set(tool, (known = new Map()));
  const before = key === undefined ? undefined : known.get(key);
  if (before !== undefined) return before;
  const annotations = annotationsOf(tool);
  const spec: ToolSpec = {
    name,
    streams: 'iterables',
    schema: inputSchemaOf(tool),
    ...(typeof tool.description === 'string' ? { description: tool.description } : {}),
    ...(annotations === undefined ? {} : { annotations }),
    ...(facts === undefined ? {} : { facts }),
    ...(source === undefined ? {} : { source }),
    ...(trusted === undefined ? {} : { trusted }),
    ...(secrets === undefined ? {} : { secrets }),
  };
  if (key !== undefined) known.set(key, spec);
  return spec;
}

/** Hints that an MCP server gave, which the SDK keeps in the tool's metadata. */
function annotationsOf({ metadata }: ToolShape): ToolSpec['annotations'] | undefined {
  if (typeof metadata !== 'object' || metadata === null || !Object.hasOwn(metadata, 'annotations')) {
    return undefined;
  }
  const { annotations } = metadata as { readonly annotations?: unknown };
  return typeof annotations === 'object' && annotations !== null ? annotations : undefined;
}

function guardedExecute(
  original: ToolShape,
  execute: ExecuteFunction,
  handle: GuardedTool,
  own: NeedsApproval | undefined,
  secrets: boolean,
): ExecuteFunction {
  function start(input: unknown, options: ExecuteOptions, demanded: boolean): unknown {
    return handle.run(callInput(handle, input, options, demanded), (args: unknown, run) =>
      Reflect.apply(execute, original, [args, secrets ? withRun(options, run) : withSignal(options, run)]),
    );
  }

  function run(input: unknown, options: ExecuteOptions): unknown {
    const demanded = demands(original, own, input, options);
    if (typeof demanded === 'boolean') return start(input, options, demanded);
    return demanded.then((really) => start(input, options, really));
  }

  if (isAsyncGeneratorFunction(execute)) {
    return (input, options = {}) => generated(() => run(input, options as ExecuteOptions));
  }
  return (input, options = {}) => drained(run(input, options as ExecuteOptions));
}

function withRun(options: ExecuteOptions, run: ToolRun): object {
  return { ...withSignal(options, run), secrets: run.secrets };
}

/** The very same options, unless the guard limits the time of the body. */
function withSignal(options: ExecuteOptions, { signal }: ToolRun): object {
  return signal === options.abortSignal ? options : { ...options, abortSignal: signal };
}

function callInput(
  { name }: GuardedTool,
  input: unknown,
  options: ExecuteOptions,
  demanded: boolean,
): CallInput {
  const { toolCallId, abortSignal, messages } = options;
  const answer = approvedIn(messages, toolCallId);
  return {
    args: input,
    parsed: true,
    ...(toolCallId === undefined ? {} : { id: toolCallId }),
    ...(abortSignal === undefined ? {} : { context: { signal: abortSignal } }),
    ...(demanded ? { demands: [{ effect: 'ask', reason: `the tool ${name} itself needs approval` }] } : {}),
    ...(answer === undefined ? {} : { answer }),
  };
}

/** Whether the tool itself wants a person to approve. One that cannot say wants it. */
function demands(
  original: ToolShape,
  own: NeedsApproval | undefined,
  input: unknown,
  options: ExecuteOptions,
): boolean | Promise<boolean> {
  if (typeof own !== 'function') return own === true;
  try {
    const answer: unknown = Reflect.apply(own, original, [input, options]);
    if (answer instanceof Promise) return answer.then((is) => is !== false, () => true);
    return answer !== false;
  } catch {
    return true;
  }
}

/**
 * Where nobody in this process can be asked, the SDK asks: with its own approval parts, for calls
 * whose approval the guard has opened. Execution stays guarded either way.
 */
function needsApprovalFor(
  guard: Guard,
  handle: GuardedTool,
  own: NeedsApproval | undefined,
): NeedsApproval | undefined {
  if (guard.canAsk) return undefined;
  const never = handle.fixed?.effect === 'deny' || (handle.fixed?.effect === 'allow' && own === undefined);
  if (never) return undefined;
  return async (input, given) => {
    const options = (given ?? {}) as ExecuteOptions;
    const demanded = await demands({}, own, input, options);
    const decision = await handle.open(callInput(handle, input, options, demanded));
    return decision.effect === 'ask';
  };
}
