import type { Guard, GuardedTool } from '@guardstile/core';

import type { EntryName } from './entry-points.ts';
import type { GuardToolOptions } from './tool-spec.ts';
import type { ToolShape } from './tool-shape.ts';

/** What is known of a tool that a guard made. */
export interface Known {
  readonly guard: Guard;
  readonly tool: GuardedTool;
  /** Whose own members run behind the guard. */
  readonly original: ToolShape;
  readonly options: GuardToolOptions;
}

/** Wrappers are recognised by themselves, which nobody can copy to another function. */
const wrappers = new WeakMap<object, Known>();

/** Remembers what is behind a wrapper. Returns the wrapper. */
export function markWrapper<T extends object>(wrapper: T, known: Known): T {
  wrappers.set(wrapper, known);
  return wrapper;
}

/** What is behind a member of a tool, if a guard put it there. */
export function knownMember(member: unknown): Known | undefined {
  return typeof member === 'function' || (typeof member === 'object' && member !== null)
    ? wrappers.get(member)
    : undefined;
}

const ENTRIES: readonly EntryName[] = ['invoke', 'call', '_call', 'func', 'bound'];

/** What is behind a guarded tool, or behind a copy of one; the outermost guard, where several are. */
export function knownTool(tool: unknown): Known | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined;
  for (const name of ENTRIES) {
    const known = knownMember(Reflect.get(tool, name));
    if (known !== undefined) return known;
  }
  return undefined;
}
