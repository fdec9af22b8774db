import { drop } from './drop.ts';
import { GuardError, isGuardError } from './errors.ts';
import type { Fact } from './facts.ts';
import { ownOptions } from './own-options.ts';
import type { Execute } from './pipeline/attempt.ts';
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

const KNOWN = ['schema', 'facts', 'timeoutMs', 'onDeny', 'async'] as const satisfies ReadonlyArray<
  keyof WrapOptions
>;

type Start = (input: CallInput, execute: Execute<unknown>) => Steps<unknown>;

const AsyncFunction = (async () => undefined).constructor;
const AsyncGeneratorFunction = async function* () {}.constructor;

/** A function with the type of `fn` that passes through the guard. */
export function wrapFunction(
  name: string,
  fn: (...args: never[]) => unknown,
  options: WrapOptions,
  register: (spec: ToolSpec) => Start,
): (...args: unknown[]) => unknown {
  const own = ownOptions(`wrap("${name}")`, options, KNOWN, 'options_invalid');
  const { onDeny = 'throw', async = fn instanceof AsyncFunction, ...spec } = own;
  const start = register({ ...spec, name });
  const shape = fn instanceof AsyncGeneratorFunction ? generator : async ? promise : value;

  function wrapped(this: unknown, ...given: unknown[]): unknown {
    const single = given.length === 1 && isRecord(given[0]);
    const body: Body = { begun: false, synchronous: false };
    const steps = start({ args: single ? given[0] : given }, (args: unknown) => {
      body.begun = true;
      const result: unknown = Reflect.apply(fn, this, single ? [args] : (args as unknown[]));
      body.synchronous = !isThenable(result);
      return result;
    });
    return shape(steps, body, (error) => {
      if (onDeny === 'return' && !body.begun && isGuardError(error)) {
        return { error: error.message, allowed: false, code: error.code };
      }
      throw error;
    });
  }
  Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(wrapped, 'length', { value: fn.length, configurable: true });
  return wrapped;
}

interface Body {
  begun: boolean;
  /** Whether it returned something else than a promise. */
  synchronous: boolean;
}

/** What to return instead of a refusal; throws it where nothing is returned instead. */
type Refused = (error: unknown) => unknown;

/** Nothing happens before the generator is read, as with any generator. */
async function* generator(
  steps: Steps<unknown>,
  _body: Body,
  refused: Refused,
): AsyncGenerator<unknown, unknown, unknown> {
  let stream: unknown;
  try {
    stream = await drive(steps);
  } catch (error) {
    return refused(error);
  }
  return yield* stream as AsyncGenerator<unknown, unknown, unknown>; // the body is a generator
}

async function promise(steps: Steps<unknown>, _body: Body, refused: Refused): Promise<unknown> {
  try {
    return await drive(steps);
  } catch (error) {
    return refused(error);
  }
}

function value(steps: Steps<unknown>, body: Body, refused: Refused): unknown {
  let result: MaybePromise<unknown>;
  try {
    result = driveWithoutWaiting(steps, body);
  } catch (error) {
    return refused(error);
  }
  return result;
}

/**
 * Synchronous up to the start of the body, and on to the end where the body is synchronous itself:
 * a step that would have to wait is an error instead, so that the shape of the result stays.
 */
function driveWithoutWaiting(steps: Steps<unknown>, body: Body): MaybePromise<unknown> {
  let step = steps.next();
  while (step.done !== true && (!body.begun || body.synchronous)) {
    drop(step.value);
    step = steps.throw(
      new GuardError(
        'async_steps',
        'the guard would have to wait for a hook, a person or a store, and a synchronous function cannot; make it async, or pass wrap(name, fn, { async: true }) if it returns promises',
      ),
    );
  }
  return proceed(steps, step);
}

function isRecord(candidate: unknown): boolean {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const prototype: unknown = Object.getPrototypeOf(candidate);
  return prototype === Object.prototype || prototype === null;
}
