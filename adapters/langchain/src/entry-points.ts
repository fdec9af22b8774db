import { GuardError } from '@guardstile/core';
import { RunnableBinding, RunnableToolLike } from '@langchain/core/runnables';
import { DynamicStructuredTool, DynamicTool, StructuredTool, Tool } from '@langchain/core/tools';

import type { ToolShape } from './tool-shape.ts';

/** A member through which a tool's body can be reached. */
export type EntryName = 'invoke' | 'call' | '_call' | 'func' | 'bound';

/** From the outermost to the innermost: each of LangChain's own calls the next. */
const METHODS = ['invoke', 'call', '_call', 'func'] as const;

/** Everything else that runs a tool; LangChain's own all lead to `invoke`. */
const DERIVED = [
  'stream',
  '_streamIterator',
  'transform',
  'batch',
  'streamEvents',
  'streamLog',
  'withConfig',
  'withRetry',
  'withFallbacks',
  'pipe',
  'asTool',
] as const;

const FRAMEWORK: readonly object[] = [
  StructuredTool.prototype,
  Tool.prototype,
  DynamicTool.prototype,
  DynamicStructuredTool.prototype,
];

/**
 * The members to put a guard into: the outermost that is not LangChain's own, and everything behind
 * it, since each of those could be called by itself.
 *
 * @throws {GuardError} `tool_invalid` for a tool with ways to its body that a guard cannot stand in.
 */
export function entriesOf(tool: ToolShape): readonly EntryName[] {
  if (Object.getPrototypeOf(tool) === RunnableToolLike.prototype) return ['bound'];
  if (tool instanceof RunnableBinding) {
    throw invalid(tool, 'it is a changed RunnableToolLike, which may run its body in its own way');
  }
  for (const name of DERIVED) {
    if (memberOf(tool, name) !== baseOf(tool, name)) {
      throw invalid(tool, `it has a ${name}() of its own, which could run its body unseen`);
    }
  }
  const first = METHODS.findIndex((name) => !isFrameworks(tool, name));
  const entries = METHODS.slice(first).filter((name) => typeof memberOf(tool, name) === 'function');
  if (first >= 0 && entries.length > 0) return entries;
  throw invalid(tool, 'it has no body');
}

function isFrameworks(tool: object, name: string): boolean {
  const member = memberOf(tool, name);
  return FRAMEWORK.some(
    (prototype) => Object.hasOwn(prototype, name) && memberOf(prototype, name) === member,
  );
}

/** The member as the root of the tool's classes has it, whichever copy of LangChain it is of. */
function baseOf(tool: object, name: string): unknown {
  let base: unknown;
  for (let layer: object | null = tool; layer !== null; layer = parentOf(layer)) {
    if (Object.hasOwn(layer, name)) base = layer === tool ? undefined : memberOf(layer, name);
  }
  return base;
}

/** The framework's classes, whose accessors work on a copy of a tool. */
export function isFrameworkClass(prototype: object): boolean {
  return FRAMEWORK.includes(prototype) || prototype === RunnableToolLike.prototype;
}

export function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}

function memberOf(object: object, name: string): unknown {
  return Reflect.get(object, name);
}

function invalid({ name }: ToolShape, what: string): GuardError {
  return new GuardError('tool_invalid', `${what}; wrap its body in tool() and guard that`, {
    tool: name,
  });
}
