import type { OutcomeStatus } from '../audit/entry.ts';
import type { FlowSight } from '../data-flow.ts';
import { GuardError, type GuardErrorCode } from '../errors.ts';
import type { ToolOutcome } from '../hooks.ts';
import { messageOf } from '../message-of.ts';
import { thaw } from '../snapshot.ts';
import { drive, isThenable, type Steps } from '../steps.ts';
import type { Admission } from './admit.ts';
import { type BodyResult, waitForBody } from './body.ts';
import { type CallState, eventBase, PATIENT, viewOf } from './call-state.ts';
import { commitLabels, labelsOf } from './commit-labels.ts';
import { conclude, giveBack } from './conclude.ts';
import { followResult } from './follow-flow.ts';
import { gate } from './gate.ts';
import { leaseKeeper } from './keep-lease.ts';
import { record } from './record.ts';
import { guardStream, isAsyncGenerator, isAsyncIterable } from './stream.ts';
import { finishUp, trail } from './trail.ts';
import { treat, treatError } from './treat.ts';
import { watchStop } from './watch-stop.ts';

/** What the body of a tool is given besides its arguments. */
export interface ToolRun {
  readonly rid: string;
  readonly attempt: string;
  /** Ends when the call is aborted or its time is over. */
  readonly signal: AbortSignal | undefined;
  /** The secrets that the tool declared, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

export type Execute<T> = (args: never, run: ToolRun) => T;

/** Steps 8 to 10: run, treat the result, write down what came of it. */
export function* runBody(
  state: CallState,
  admission: Admission,
  secrets: ToolRun['secrets'],
  execute: Execute<unknown>,
): Steps<unknown> {
  const { attempt: id } = admission;
  const attempt = startClock(state, admission, secrets);
  state.parts.events.emit('start', () => ({ ...eventBase(state), attempt: id }));
  let result: BodyResult;
  let waited = false;
  try {
    const value = enterSandbox(state, admission, attempt.run, execute);
    if (isThenable(value)) {
      waited = true;
      // What nothing limits rejects into the catch below; the driver sends back what came of the rest.
      result = attempt.endless
        ? { status: 'ok', value: yield value }
        : ((yield attempt.wait(value)) as BodyResult);
    } else {
      result = { status: 'ok', value };
    }
  } catch (error) {
    result = { status: 'error', error };
  }

  if (result.status === 'ok' && isStream(state, result.value)) {
    return streamed(state, admission, attempt, result.value);
  }
  const outcome =
    result.status === 'ok' && isUntouched(state, admission)
      ? attempt.outcome('ok', { result: result.value })
      : yield* treated(state, admission, attempt, result);
  const concluding = conclude(state, admission, outcome);
  // A tool that answers synchronously keeps doing so: what is left goes on behind it.
  if (waited) yield* finishUp(state, concluding);
  else trail(state.parts, concluding);
  if (outcome.status === 'ok' || Object.hasOwn(outcome, 'result')) return outcome.result;
  throw outcome.error;
}

/** One start of a body, and how long it may take. */
interface Attempt {
  readonly run: ToolRun;
  readonly timeoutMs: number | undefined;
  /** Whether nothing ends the wait for it. */
  readonly endless: boolean;
  wait(body: PromiseLike<unknown>, ms?: number): Promise<BodyResult>;
  outcome(status: OutcomeStatus, more: Pick<ToolOutcome, 'result' | 'error'>): ToolOutcome;
}

function startClock(state: CallState, admission: Admission, secrets: ToolRun['secrets']): Attempt {
  const { attempt, reserved } = admission;
  const { stopSwitch } = state.parts;
  const stopper = stopSwitch?.subscribe === undefined ? undefined : new AbortController();
  const signal = either(state.context.signal, stopper?.signal);
  const holdLease = reserved === undefined ? undefined : leaseKeeper(state, reserved);
  const timeoutMs = state.tool.timeoutMs ?? state.parts.timeoutMs;
  const timer = timeoutMs === undefined ? undefined : new AbortController();
  const startedAt = performance.now();

  function expire(): GuardError {
    const what = `it did not finish within ${timeoutMs} ms; it may still have had an effect`;
    const error = own(state, 'timeout', what);
    timer?.abort(error);
    return error;
  }

  /** Only while the body runs: of a stream that nobody reads on, nothing is kept going. */
  function attend(): (() => void) | undefined {
    if (holdLease === undefined && stopper === undefined) return undefined;
    const letGo = holdLease?.();
    const unwatch = stopper && watchStop(state, (error) => stopper.abort(error));
    return () => {
      letGo?.();
      unwatch?.();
    };
  }

  return {
    run: { rid: state.rid, attempt, signal: either(signal, timer?.signal), secrets },
    timeoutMs,
    endless: timeoutMs === undefined && signal === undefined && holdLease === undefined,
    wait: (body, ms = timeoutMs) => {
      const leave = attend();
      const ended = waitForBody(body, {
        timeoutMs: ms,
        signal,
        expire,
        late: (how, error) => trail(state.parts, recordLate(state, admission, how, error)),
      });
      return leave === undefined ? ended : ended.finally(leave);
    },
    outcome: (status, more) => {
      const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
      return Object.freeze({ status, attempt, ms, ...more });
    },
  };
}

function either(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a === undefined || b === undefined ? (a ?? b) : AbortSignal.any([a, b]);
}

/** Starts the body, once, with arguments of its own that it may change as it likes. */
function enterSandbox(
  state: CallState,
  admission: Admission,
  run: ToolRun,
  execute: Execute<unknown>,
): unknown {
  let entering = true;
  let started = false;

  function start(): unknown {
    if (started)
      throw own(state, 'sandbox_refused', 'its sandbox started it twice on one decision');
    // A sandbox that prepares something first lets time pass after the gate.
    if (!entering) reenter(state, admission, run);
    started = true;
    return inside(state, run, () => execute(thaw(state.call.confined) as never, run)); // typed where the tool was wrapped
  }

  try {
    return state.parts.sandbox.run(viewOf(state), {
      context: state.context,
      signal: run.signal,
      secrets: run.secrets,
      execute: start,
    });
  } finally {
    entering = false;
  }
}

/** Calls that the body makes know on whose behalf, and in which call. */
function inside<T>({ parts, context }: CallState, { rid, signal }: ToolRun, fn: () => T): T {
  const { ambient } = parts;
  if (ambient === undefined) return fn();
  const ends = signal === undefined ? {} : { signal };
  return ambient.run({ ...context, ...ends, parent: rid }, fn);
}

function reenter(state: CallState, admission: Admission, { signal }: ToolRun): void {
  try {
    gate(state, admission);
  } catch (error) {
    throw named(state, error);
  }
  if (signal?.aborted === true)
    throw own(state, 'timeout', 'its time was over before it could start');
}

/** Whether step 9 has nothing to do with a result. */
function isUntouched({ tool, parts }: CallState, { decision }: Admission): boolean {
  return (
    decision.obligations.length === 0 &&
    tool.secrets.length === 0 &&
    tool.failure === undefined &&
    parts.dataFlow === undefined
  );
}

function isStream({ tool }: CallState, value: unknown): value is AsyncIterable<unknown> {
  return tool.streams === 'iterables' ? isAsyncIterable(value) : isAsyncGenerator(value);
}

/** Step 9: the outcome with the result as the model may see it. */
function* treated(
  state: CallState,
  admission: Admission,
  attempt: Attempt,
  result: BodyResult,
): Steps<ToolOutcome> {
  const { obligations } = admission.decision;
  try {
    if (result.status === 'ok') {
      const value = treat(state, obligations, result.value);
      yield* keepTrack(state, admission, 'result', value);
      const failure = failureOf(state, result.value);
      if (failure === undefined) return attempt.outcome('ok', { result: value });
      return attempt.outcome('error', { result: value, error: new Error(failure) });
    }
    // What the guard gave up on holds nothing of the tool's.
    if (result.status !== 'error') return attempt.outcome(result.status, { error: result.error });
    const error = treatError(state, obligations, result.error);
    yield* keepTrack(state, admission, 'error', error);
    return attempt.outcome('error', { error });
  } catch (error) {
    return attempt.outcome('withheld', { error: named(state, error) });
  }
}

/** What is known of a result afterwards is kept before the model sees it. */
function* keepTrack(
  state: CallState,
  admission: Admission,
  kind: FlowSight['kind'],
  value: unknown,
): Steps<void> {
  const followed = yield* followResult(state, admission, kind, value);
  yield* commitLabels(state, [...labelsOf(admission.decision), ...followed]);
}

/** Why the tool counts what it returned as a failure. What cannot be told is one. */
function failureOf({ tool }: CallState, value: unknown): string | undefined {
  try {
    return tool.failure?.(value);
  } catch (error) {
    return `nobody can say whether it failed: ${messageOf(error)}`;
  }
}

function streamed(
  state: CallState,
  admission: Admission,
  attempt: Attempt,
  source: AsyncIterable<unknown>,
): AsyncGenerator<unknown, unknown, unknown> {
  const { events, redactor } = state.parts;
  const { obligations } = admission.decision;
  let labelled = false;
  let left = attempt.timeoutMs;

  async function show(kind: 'chunk' | 'end', value: unknown): Promise<unknown> {
    const shown = value === undefined ? undefined : treat(state, obligations, value);
    const followed = await drive(followResult(state, admission, kind, shown));
    const own = labelled ? [] : labelsOf(admission.decision);
    await drive(commitLabels(state, [...own, ...followed]));
    labelled = true;
    return shown;
  }

  /** The consumer has its chunks by now, however the stream ended. */
  async function broken(status: OutcomeStatus, error: unknown): Promise<ToolOutcome> {
    const outcome =
      status === 'error'
        ? await drive(treated(state, admission, attempt, { status, error }))
        : attempt.outcome(status, { error: status === 'withheld' ? named(state, error) : error });
    try {
      await show('end', undefined);
      return outcome;
    } catch (failure) {
      return attempt.outcome('withheld', { error: named(state, failure) });
    }
  }

  async function close(outcome: ToolOutcome): Promise<void> {
    await drive(finishUp(state, conclude(state, admission, outcome)));
  }

  return guardStream(source, {
    async wait(step) {
      // Only the time in which the body runs counts, not how long the consumer takes for a chunk.
      const startedAt = performance.now();
      const result = await attempt.wait(
        begun(() => inside(state, attempt.run, step)),
        left,
      );
      if (left !== undefined) left = Math.max(0, left - (performance.now() - startedAt));
      return result;
    },
    async chunk(value) {
      const chunk = await show('chunk', value);
      events.emit('progress', () => ({
        ...eventBase(state),
        attempt: admission.attempt,
        chunk: redactor.stored(chunk),
      }));
      return chunk;
    },
    async ended(value, started) {
      const result = await show('end', value);
      await close(attempt.outcome(started ? 'ok' : 'not-started', { result }));
      return result;
    },
    async failed(status, error) {
      const outcome = await broken(status, error);
      await close(outcome);
      return outcome.error;
    },
  });
}

/** A step that throws instead of rejecting rejects. */
async function begun<T>(step: () => PromiseLike<T>): Promise<T> {
  return step();
}

function own(state: CallState, code: GuardErrorCode, message: string): GuardError {
  return new GuardError(code, message, { tool: state.call.tool.name, rid: state.rid });
}

/** Errors that parts of the guard made say which tool they are about. */
function named(state: CallState, error: unknown): unknown {
  if (!(error instanceof GuardError) || error.tool !== undefined) return error;
  const { code, cause } = error;
  return new GuardError(code, messageOf(error), {
    tool: state.call.tool.name,
    rid: state.rid,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A body that settled after everybody had stopped waiting for it. */
function* recordLate(
  state: CallState,
  { attempt, reserved }: Admission,
  how: 'ok' | 'error',
  error: unknown,
): Steps<void> {
  if (reserved !== undefined) yield* giveBack(state, reserved, { status: how, error });
  yield* record(state, PATIENT, {
    kind: 'outcome',
    action: 'tool.outcome',
    attempt,
    status: 'late',
    payload: { settled: how },
  });
}
