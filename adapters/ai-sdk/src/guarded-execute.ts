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

/** A body and what stands before it. */
export interface Guarded {
  readonly guard: Guard;
  readonly tool: GuardedTool;
  readonly body: Body;
  readonly withSecrets: boolean;
}

/** An `execute` of the same shape that passes through the guard. */
export function guardedExecute(guarded: Guarded): ExecuteFunction {
  const { execute } = guarded.body;
  if (isAsyncGeneratorFunction(execute)) {
    return (input, given) => generated(() => run(guarded, input, given));
  }
  // A refusal of an async function is a rejection, never thrown at its caller.
  if (isAsyncFunction(execute)) return async (input, given) => run(guarded, input, given);
  return (input, given) => drained(run(guarded, input, given));
}

function run(guarded: Guarded, input: unknown, given: unknown): unknown {
  const asked = demanded(guarded.body.demand, input, given);
  if (typeof asked === 'boolean') return start(guarded, input, given, asked);
  return asked.then((really) => start(guarded, input, given, really));
}

function start(guarded: Guarded, input: unknown, given: unknown, asked: boolean): unknown {
  const { guard, tool, body, withSecrets } = guarded;
  return tool.run(
    callInput(guard, tool, input, optionsOf(given), asked),
    (args: unknown, started) =>
      Reflect.apply(body.execute, body.self, [args, bodyOptions(given, started, withSecrets)]),
  );
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
