import type { Guard, GuardedTool, ToolRun } from '@guardstile/core';

import { callInput, optionsOf } from './call-input.ts';
import { type Demand, demanded } from './demand.ts';
import { drained, generated, isAsyncFunction, isAsyncGeneratorFunction } from './streaming.ts';
import type { ExecuteFunction, ToolShape } from './tool-shape.ts';

/** What a guarded tool runs once it may. */
export interface Body {
  /** Its `this`: methods of a class with private fields work on nothing else. */
  readonly self: ToolShape;
  readonly execute: ExecuteFunction;
  readonly demand: Demand | undefined;
}

/** An `execute` of the same shape that passes through the guard. */
export function guardedExecute(
  guard: Guard,
  tool: GuardedTool,
  { self, execute, demand }: Body,
  withSecrets: boolean,
): ExecuteFunction {
  function start(input: unknown, given: unknown, asked: boolean): unknown {
    return tool.run(callInput(guard, tool, input, optionsOf(given), asked), (args: unknown, run) =>
      Reflect.apply(execute, self, [args, bodyOptions(given, run, withSecrets)]),
    );
  }

  function guarded(input: unknown, given: unknown): unknown {
    const asked = demanded(demand, input, given);
    if (typeof asked === 'boolean') return start(input, given, asked);
    return asked.then((really) => start(input, given, really));
  }

  if (isAsyncGeneratorFunction(execute)) {
    return (input, given) => generated(() => guarded(input, given));
  }
  // A refusal of an async function is a rejection, never thrown at its caller.
  if (isAsyncFunction(execute)) return async (input, given) => guarded(input, given);
  return (input, given) => drained(guarded(input, given));
}

/** The very same options, unless the guard limits the time of the body or hands it secrets. */
function bodyOptions(given: unknown, { signal, secrets }: ToolRun, withSecrets: boolean): unknown {
  const same = signal === optionsOf(given).abortSignal;
  if (same && !withSecrets) return given;
  return {
    ...optionsOf(given),
    ...(same ? {} : { abortSignal: signal }),
    ...(withSecrets ? { secrets } : {}),
  };
}
