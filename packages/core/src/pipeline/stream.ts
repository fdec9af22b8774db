import type { OutcomeStatus } from '../audit/entry.ts';
import type { BodyResult } from './body.ts';

/** A result that arrives in chunks. One that cannot be looked at is none. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
  } catch {
    return false;
  }
}

/** What an async generator function returns, as opposed to any object that can be iterated. */
export function isAsyncGenerator(value: unknown): value is Stream {
  if (!isAsyncIterable(value)) return false;
  return Object.prototype.toString.call(value) === '[object AsyncGenerator]';
}

type Stream = AsyncGenerator<unknown, unknown, unknown>;
type Step = IteratorResult<unknown, unknown>;

/** What happens with the parts of a stream. */
export interface StreamSteps {
  /** Waits for a step of the body, or until the call is over. `goesOn` says that it is no clean-up. */
  wait(step: () => PromiseLike<Step>, goesOn: boolean): Promise<BodyResult>;
  /** What the model may see of a chunk; rejects when it may not see it. */
  chunk(value: unknown): Promise<unknown>;
  /** The body ended, or never started. Gives the return value to hand on. */
  ended(value: unknown, started: boolean): Promise<unknown>;
  /** The body failed or was given up. Gives the error to throw. */
  failed(status: OutcomeStatus, error: unknown): Promise<unknown>;
}

/** What every async generator inherits; it makes the guarded one as good as the one of the tool. */
const prototype = Object.getPrototypeOf(async function* () {}.prototype) as object;

/**
 * The same stream with every chunk treated and its end recorded. What the consumer sends, throws in
 * or returns early with reaches the body, and what the body makes of it reaches the consumer.
 */
export function guardStream(source: AsyncIterable<unknown>, steps: StreamSteps): Stream {
  const body = source[Symbol.asyncIterator]();
  let started = !isAsyncGenerator(source);
  let over = false;
  let queue: Promise<unknown> = Promise.resolve();

  async function take(step: () => PromiseLike<Step>, goesOn = false): Promise<Step> {
    const result = await steps.wait(step, goesOn);
    if (result.status !== 'ok') {
      over = true;
      if (result.status !== 'error') giveUp(body);
      throw await steps.failed(result.status, result.error);
    }
    try {
      const { done, value } = result.value as Step; // what an iterator answers
      if (done !== true) return { done: false, value: await steps.chunk(value) };
      over = true;
      return { done: true, value: await steps.ended(value, started) };
    } catch (error) {
      over = true;
      giveUp(body);
      throw await steps.failed('withheld', error);
    }
  }

  /** One after the other, as generators do. */
  function inTurn(step: () => Promise<Step>): Promise<Step> {
    const taken = queue.then(step);
    queue = taken.catch(() => undefined);
    return taken;
  }

  const next = (sent: unknown): Promise<Step> =>
    inTurn(async () => {
      if (over) return { done: true, value: undefined };
      started = true;
      return take(() => body.next(sent), true);
    });

  const end = (value: unknown): Promise<Step> =>
    inTurn(async () => {
      if (over) return { done: true, value: await value };
      return take(() => returnTo(body, value));
    });

  const fail = (error: unknown): Promise<Step> =>
    inTurn(async () => {
      if (over) throw error;
      return take(() => throwInto(body, error));
    });

  return Object.create(prototype, {
    next: { value: next },
    return: { value: end },
    throw: { value: fail },
  }) as Stream; // with the three methods, and the prototype for the rest
}

async function returnTo(body: AsyncIterator<unknown>, value: unknown): Promise<Step> {
  return body.return === undefined ? { done: true, value: await value } : body.return(value);
}

async function throwInto(body: AsyncIterator<unknown>, error: unknown): Promise<Step> {
  if (body.throw !== undefined) return body.throw(error);
  giveUp(body);
  throw error;
}

/** The body is asked to end, but one that hangs or fails must not hold up its caller. */
function giveUp(body: AsyncIterator<unknown>): void {
  const ending = async (): Promise<unknown> => body.return?.(undefined);
  ending().catch(() => undefined);
}
