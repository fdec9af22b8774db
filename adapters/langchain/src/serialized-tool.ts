import { type Guard, sameGuard } from '@guardstile/core';

import type { ToolShape } from './tool-shape.ts';

/** Serialized forms that guarded tools gave of themselves to callback handlers, and their guards. */
const serialized = new WeakMap<object, readonly Guard[]>();

/**
 * The member with which a tool tells callback handlers what it is. The answer is the same as ever,
 * and recognised by itself: a handler that is told of a run never sees the tool.
 */
export function guardedToJson(tool: ToolShape, guard: Guard): { readonly toJSON?: () => unknown } {
  const toJSON: unknown = Reflect.get(tool, 'toJSON');
  if (typeof toJSON !== 'function') return {};
  return {
    toJSON(this: object) {
      const json: unknown = Reflect.apply(toJSON, this, []);
      if (typeof json === 'object' && json !== null) {
        serialized.set(json, [...(serialized.get(json) ?? []), guard]);
      }
      return json;
    },
  };
}

/** Whether a tool behind this guard gave this form of itself. */
export function isOfGuardedTool(json: unknown, guard: Guard): boolean {
  if (typeof json !== 'object' || json === null) return false;
  return serialized.get(json)?.some((one) => sameGuard(one, guard)) ?? false;
}
