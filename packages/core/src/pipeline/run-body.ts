import type { OutcomeStatus } from '../audit/entry.ts';
import { GuardError, isGuardError } from '../errors.ts';
import type { ToolOutcome } from '../hooks.ts';
import { drive, isThenable, type Steps } from '../steps.ts';
import { thaw } from '../snapshot.ts';
import type { Admission } from './admit.ts';
import { type BodyResult, waitForBody } from './body.ts';
import { type CallState, eventBase, PATIENT } from './call-state.ts';
import { commitLabels, conclude, messageOf, treat, treatError } from './conclude.ts';
import { gate } from './gate.ts';
import { record } from './record.ts';
import { guardStream, isAsyncGenerator, isAsyncIterable } from './stream.ts';

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

/** Steps 8 to 10: gate, run, treat the result, write down what came of it. */
export function* runBody(
  state: CallState,
  admission: Admission,
  execute: Execute<unknown>,
): Steps<unknown> {
  const { parts, context, tool, call } = state;
  let secrets = NO_SECRETS;
  try {
    gate(state, admission);
    if ((tool.spec.secrets ?? []).length > 0) {
      secrets = yield* resolveSecrets(state, tool.spec.secrets ?? []);
      gate(state, admission);
    }
  } catch (error) {
    yield* conclude(state, admission, { status: 'not-started', attempt: admission.attempt, ms: 0, error });
    throw error;
  }

  const timeoutMs = tool.spec.timeoutMs ?? parts.timeoutMs;
  const timer = timeoutMs === undefined ? undefined : new AbortController();
  const run: ToolRun = {
    rid: state.rid,
    attempt: admission.attempt,
    signal: signalOf(context.signal, timer?.signal),
    secrets,
  };
  const startedAt = performance.now();
  const finished = (status: OutcomeStatus, more: Partial<ToolOutcome>): ToolOutcome => ({
    status,
    attempt: admission.attempt,
    ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
    ...more,
  });
  const wait = (body: PromiseLike<unknown>): Promise<BodyResult> =>
    waitForBody(body, {
      timeoutMs: timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - startedAt),
      signal: context.signal,
      expire: (error) => timer?.abort(error),
      late: (status) => trail(state, recordLate(state, admission, status)),
    });

  parts.events.emit('start', () => ({ ...eventBase(state), attempt: admission.attempt }));
  state.started = true;
  let result: BodyResult;
  let waited = false;
  try {
    // The tool gets a copy of its own: changing its arguments is its own business.
    const args = thaw(state.held);
    const value = parts.sandbox.run(call, {
      context,
      signal: run.signal,
      execute: () => execute(args as never, run), // typed where the tool was wrapped
    });
    if (isThenable(value)) {
      waited = true;
      const alone = timeoutMs === undefined && context.signal === undefined;
      result = alone ? yield* settled(value) : ((yield wait(value)) as BodyResult);
    } else {
      result = { status: 'ok', value };
    }
  } catch (error) {
    result = { status: 'error', error };
  }

  if (result.status === 'ok' && isStream(state, result.value)) {
    return streamed(state, admission, result.value, wait, finished);
  }
  const outcome = yield* treated(state, admission, result, finished);
  const concluding = conclude(state, admission, outcome);
  // A tool that answers synchronously keeps doing so: what is left goes on behind it.
  if (waited) yield* concluding;
  else trail(state, concluding);
  if (outcome.status === 'ok') return outcome.result;
  throw outcome.error;
}

const NO_SECRETS: Readonly<Record<string, string>> = Object.freeze({});

function* settled(value: PromiseLike<unknown>): Steps<BodyResult> {
  try {
    return { status: 'ok', value: yield value };
  } catch (error) {
    return { status: 'error', error };
  }
}

function signalOf(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a === undefined || b === undefined ? (a ?? b) : AbortSignal.any([a, b]);
}

function isStream(state: CallState, value: unknown): value is AsyncIterable<unknown> {
  return state.tool.spec.streams === 'iterables' ? isAsyncIterable(value) : isAsyncGenerator(value);
}

/** Step 9: the outcome with the result as the model may see it. */
function* treated(
  state: CallState,
  admission: Admission,
  result: BodyResult,
  finished: (status: OutcomeStatus, more: Partial<ToolOutcome>) => ToolOutcome,
): Steps<ToolOutcome> {
  try {
    const value = result.status === 'ok' ? treat(state, admission, result.value) : undefined;
    const error = result.status === 'ok' ? undefined : treatError(state, admission, result.error);
    yield* commitLabels(state, admission);
    return result.status === 'ok'
      ? finished('ok', { result: value })
      : finished(result.status, { error: named(state, error) });
  } catch (error) {
    return finished('withheld', { error: named(state, error) });
  }
}

/** Errors of the guard name the tool; those of the tool stay as they are. */
function named(state: CallState, error: unknown): unknown {
  if (!isGuardError(error) || error.tool !== undefined || !(error instanceof GuardError)) return error;
  const { code, message, cause } = error;
  return new GuardError(code, message, { tool: state.call.tool.name, rid: state.rid, cause });
}

function streamed(
  state: CallState,
  admission: Admission,
  source: AsyncIterable<unknown>,
  wait: (body: PromiseLike<unknown>) => Promise<BodyResult>,
  finished: (status: OutcomeStatus, more: Partial<ToolOutcome>) => ToolOutcome,
): AsyncGenerator<unknown, unknown, unknown> {
  const { attempt } = admission;
  let labelled = false;
  let last: BodyResult = { status: 'ok', value: undefined };
  return guardStream(source, {
    async next(step) {
      last = await wait(step);
      if (last.status !== 'ok') throw last.error;
      if (!labelled) await drive(commitLabels(state, admission));
      labelled = true;
      return last.value as IteratorResult<unknown, unknown>; // what an iterator answers
    },
    chunk(value) {
      const chunk = treat(state, admission, value);
      const { events, redactor } = state.parts;
      events.emit('progress', () => ({ ...eventBase(state), attempt, chunk: redactor.stored(chunk) }));
      return chunk;
    },
    async ended(value) {
      await drive(conclude(state, admission, finished('ok', { result: value })));
      return value;
    },
    async failed(error) {
      const withheld = isGuardError(error) && error.code === 'result_withheld';
      const status = withheld ? 'withheld' : last.status === 'ok' ? 'error' : last.status;
      const shown = named(state, treatError(state, admission, error));
      await drive(conclude(state, admission, finished(status, { error: shown })));
      return shown;
    },
  });
}

/** Step 8: the declared secrets. From here on their values are hidden everywhere. */
function* resolveSecrets(
  state: CallState,
  names: readonly string[],
): Steps<Readonly<Record<string, string>>> {
  const { secrets, redactor, storeTimeoutMs } = state.parts;
  const values: Record<string, string> = {};
  for (const name of names) {
    let value: string | undefined;
    try {
      value = yield* state.waiting.for(
        secrets.get(name, state.context),
        storeTimeoutMs,
        () => new Error(`took longer than ${storeTimeoutMs} ms`),
      );
    } catch (cause) {
      if (isGuardError(cause)) throw cause;
      throw new GuardError('secret_missing', `the secret "${name}" could not be read: ${messageOf(cause)}`, {
        cause,
      });
    }
    if (typeof value !== 'string') {
      throw new GuardError('secret_missing', `its secret "${name}" is not set in the secrets "${secrets.name}"`);
    }
    redactor.issue(value);
    values[name] = value;
  }
  return Object.freeze(values);
}

/** A body that settled after everybody had stopped waiting for it. */
function* recordLate(state: CallState, { attempt }: Admission, how: 'ok' | 'error'): Steps<void> {
  try {
    yield* record(state, PATIENT, {
      kind: 'outcome',
      action: 'tool.outcome',
      attempt,
      status: 'late',
      payload: { settled: how },
    });
  } catch (error) {
    state.parts.logger?.warn(`${state.call.tool.name}: ${messageOf(error)}`);
  }
}

/** Goes on behind the call; the guard's `close()` waits for it. */
function trail(state: CallState, steps: Steps<void>): void {
  const { trailing, logger } = state.parts;
  const going = drive(steps);
  if (!isThenable(going)) return;
  trailing.add(going);
  going.then(
    () => trailing.delete(going),
    (error: unknown) => {
      trailing.delete(going);
      logger?.warn(messageOf(error));
    },
  );
}
