import { isThenable, type Steps } from '../steps.ts';
import { thaw } from '../snapshot.ts';
import type { Admission } from './admit.ts';
import { type Execute, inside, startClock, type ToolRun } from './attempt.ts';
import type { BodyResult } from './body.ts';
import { callError, named } from './call-error.ts';
import { type CallState, eventBase, viewOf } from './call-state.ts';
import { conclude } from './conclude.ts';
import { gate } from './gate.ts';
import { runStream } from './run-stream.ts';
import { showResult } from './show-result.ts';
import { isAsyncGenerator, isAsyncIterable } from './stream.ts';
import { finishUp, trail } from './trail.ts';

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
    return runStream(state, admission, attempt, result.value);
  }
  const outcome =
    result.status === 'ok' && isUntouched(state, admission)
      ? attempt.outcome('ok', { result: result.value })
      : yield* showResult(state, admission, attempt, result);
  const concluding = conclude(state, admission, outcome);
  // A tool that answers synchronously keeps doing so: what is left goes on behind it.
  if (waited) yield* finishUp(state, concluding);
  else trail(state.parts, concluding);
  if (outcome.status === 'ok' || Object.hasOwn(outcome, 'result')) return outcome.result;
  throw outcome.error;
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
      throw callError(state, 'sandbox_refused', 'its sandbox started it twice on one decision');
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

function reenter(state: CallState, admission: Admission, { signal }: ToolRun): void {
  try {
    gate(state, admission);
  } catch (error) {
    throw named(state, error);
  }
  if (signal?.aborted === true)
    throw callError(state, 'timeout', 'its time was over before it could start');
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
