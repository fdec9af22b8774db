import type { ToolShape } from './tool-shape.ts';

/** What `experimental_toolCaller` of the SDK holds for a caller that runs in this process. */
interface LocalCaller {
  readonly bind: (...args: unknown[]) => unknown;
}

/**
 * The tool's caller definition with what it binds guarded: the SDK replaces such a tool (code mode)
 * by what `bind` returns, and the tool's own `execute` never runs.
 */
export function guardedCaller(
  tool: ToolShape,
  guardBound: (bound: unknown) => object,
): LocalCaller | undefined {
  const caller = tool.experimental_toolCaller;
  if (!isLocal(caller)) return undefined;
  const { bind } = caller;
  return { ...caller, bind: (...args) => guardBound(Reflect.apply(bind, caller, args)) };
}

function isLocal(caller: unknown): caller is LocalCaller {
  return (
    typeof caller === 'object' &&
    caller !== null &&
    'bind' in caller &&
    typeof caller.bind === 'function'
  );
}
