import {
  bindAgain,
  type Guard,
  GuardError,
  isGuard,
  ownOptions,
  sameGuard,
} from '@guardstile/core';
import type { Runnable } from '@langchain/core/runnables';

import { cloneTool } from './clone-tool.ts';
import { entriesOf, type EntryName } from './entry-points.ts';
import { guardedMember, type Member } from './guarded-member.ts';
import { GuardedRunnable } from './guarded-runnable.ts';
import { rememberGuard } from './guard-of.ts';
import { type Known, knownMember } from './known-tool.ts';
import { guardedToJson } from './serialized-tool.ts';
import { type ToolShape, toolShape } from './tool-shape.ts';
import { type GuardToolOptions, specOf } from './tool-spec.ts';
import { rememberTool } from './tools-by-name.ts';

/** The least that a tool of LangChain has, whichever version made it. */
export interface ToolLike {
  readonly name: string;
  invoke(...given: never[]): unknown;
}

const KNOWN = ['facts', 'source', 'trusted', 'secrets', 'context'] as const;

/**
 * The same tool behind a guard: same class, schema and type, same behaviour for what is allowed. The
 * given tool is left as it is.
 *
 * @throws {GuardError} `tool_invalid`, `facts_invalid` or `options_invalid`.
 */
export function guardTool<T extends ToolLike>(
  tool: T,
  guard: Guard,
  options: GuardToolOptions = {},
): T {
  if (!isGuard(guard)) {
    throw new GuardError(
      'options_invalid',
      'guardTool: pass the guard that createGuard() returned',
    );
  }
  const own = ownOptions('guardTool', options, KNOWN, 'options_invalid');
  const guarded = guardShape(toolShape(tool), guard, own);
  const same = rememberGuard(guarded, guard) as unknown as T; // of the same class with the same members
  rememberTool(guard, same);
  return same;
}

function guardShape(tool: ToolShape, guard: Guard, options: GuardToolOptions): ToolShape {
  const entries = entriesOf(tool);
  const before = beforeOf(tool, entries, guard);
  const stated = before === undefined ? options : merged(before.options, options);
  const original = before?.original ?? tool;
  const bound = bindAgain(before?.guard, guard);
  const known: Known = {
    guard: bound,
    tool: bound.tool(specOf(tool, stated)),
    original,
    options: stated,
  };
  const members = Object.fromEntries(entries.map((name) => [name, guardedEntry(known, name)]));
  return cloneTool(tool, {
    ...members,
    ...keptFields(tool, members),
    ...guardedToJson(tool, guard),
  });
}

/** LangChain keeps what a tool was made from, out of which it could be made again. */
function keptFields(tool: ToolShape, members: Readonly<Record<string, unknown>>): object {
  const kept: unknown = Reflect.get(tool, 'lc_kwargs');
  if (typeof kept !== 'object' || kept === null) return {};
  const replaced = Object.entries(members).filter(([name]) => Object.hasOwn(kept, name));
  return replaced.length === 0 ? {} : { lc_kwargs: { ...kept, ...Object.fromEntries(replaced) } };
}

/**
 * The same guard guards once: a tool that comes back, perhaps as a changed copy, is bound to the new
 * context only and keeps what was said of it.
 */
function beforeOf(tool: ToolShape, entries: readonly EntryName[], guard: Guard): Known | undefined {
  const [outermost] = entries;
  const before = outermost === undefined ? undefined : knownMember(Reflect.get(tool, outermost));
  const again = before?.tool.name === tool.name && sameGuard(before.guard, guard);
  return again ? before : undefined;
}

function guardedEntry(known: Known, name: EntryName): unknown {
  const member: unknown = Reflect.get(known.original, name);
  return name === 'bound'
    ? new GuardedRunnable(known, member as Runnable) // as its class has it
    : guardedMember(known, name, member as Member); // entriesOf() found a function
}

function merged(before: GuardToolOptions, now: GuardToolOptions): GuardToolOptions {
  return {
    facts: now.facts ?? before.facts,
    source: now.source ?? before.source,
    trusted: now.trusted ?? before.trusted,
    secrets: now.secrets ?? before.secrets,
    context: now.context ?? before.context,
  };
}
