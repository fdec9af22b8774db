import { GuardError, isGuardError } from './errors.ts';
import type { Fact } from './facts.ts';
import type { Execute } from './pipeline/run-body.ts';
import type { ToolSchema } from './schema.ts';
import { drive, isThenable, type MaybePromise, proceed, type Steps } from './steps.ts';
import type { CallInput, ToolSpec } from './tool.ts';

export interface WrapOptions {
  /** Parses the argument (or, for several, the list of arguments). */
  readonly schema?: ToolSchema;
  readonly facts?: Fact | readonly Fact[];
  readonly timeoutMs?: number;
  /** What a refusal does: throw, or return `{ error, allowed: false }`. @default 'throw' */
  readonly onDeny?: 'throw' | 'return';
  /**
   * Whether the function returns promises. Only a function declared `async` shows it by itself; any
   * other is refused with `async_steps` when the guard has to wait before it may start.
   */
  readonly async?: boolean;
}

type Start = (input: CallInput, execute: Execute<unknown>) => Steps<unknown>;

const AsyncFunction = (async () => undefined).constructor;
const AsyncGeneratorFunction = (async function* () {}).constructor;

/** A function with the type of `fn` that passes through the guard. */
export function wrapFunction(
  name: string,
  fn: (...args: never[]) => unknown,
  options: WrapOptions,
  register: (spec: ToolSpec) => Start,
): (...args: unknown[]) => unknown {
  const { onDeny = 'throw', async = isAsync(fn), ...spec } = options;
  const start = register({ ...spec, name });
  const generator = fn instanceof AsyncGeneratorFunction;

  function wrapped(this: unknown, ...given: unknown[]): unknown {
    const single = given.length === 1 && isRecord(given[0]);
    let begun = false;
    const steps = start({ args: single ? given[0] : given }, (args: unknown) => {
      begun = true;
      return Reflect.apply(fn, this, single ? [args] : (args as unknown[]));
    });
    if (generator) return deferred(steps);
    try {
      const result = async ? drive(steps) : driveUntilStart(steps, name, () => begun);
      if (onDeny === 'throw' || !isThenable(result)) return result;
      return result.then(undefined, denial);
    } catch (error) {
      if (!async) return onDeny === 'return' ? denial(error) : raise(error);
      return onDeny === 'return' ? Promise.resolve(denial(error)) : Promise.reject(error as Error);
    }
  }
  Object.defineProperty(wrapped, 'name', { value: fn.name });
  Object.defineProperty(wrapped, 'length', { value: fn.length });
  return wrapped;
}

/** The generator that a guarded generator function returns: nothing happens before it is read. */
async function* deferred(steps: Steps<unknown>): AsyncGenerator<unknown, unknown, unknown> {
  const stream = await drive(steps);
  return yield* stream as AsyncGenerator<unknown, unknown, unknown>; // the body is a generator
}

/** Synchronous up to the start of the body; a step that would wait before is an error instead. */
function driveUntilStart(
  steps: Steps<unknown>,
  name: string,
  begun: () => boolean,
): MaybePromise<unknown> {
  let step = steps.next();
  while (step.done !== true && !begun()) {
    step.value.then(undefined, () => undefined);
    step = steps.throw(
      new GuardError(
        'async_steps',
        'the guard has to wait before it may start, and a synchronous function cannot; make it async, or pass wrap(name, fn, { async: true }) if it returns promises',
        { tool: name },
      ),
    );
  }
  return proceed(steps, step);
}

function denial(error: unknown): { error: string; allowed: false; code: string } {
  if (!isGuardError(error)) throw error;
  return { error: error.message, allowed: false, code: error.code };
}

function raise(error: unknown): never {
  throw error;
}

function isAsync(fn: unknown): boolean {
  return fn instanceof AsyncFunction || fn instanceof AsyncGeneratorFunction;
}

function isRecord(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
