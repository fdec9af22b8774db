import type { OutcomeStatus } from '../audit/entry.ts';
import type { GuardError } from '../errors.ts';
import type { ToolOutcome } from '../hooks.ts';
import type { Steps } from '../steps.ts';
import type { Admission } from './admit.ts';
import { type BodyResult, waitForBody } from './body.ts';
import { callError } from './call-error.ts';
import { type CallState, PATIENT } from './call-state.ts';
import { giveBack } from './conclude.ts';
import { leaseKeeper } from './keep-lease.ts';
import { record } from './record.ts';
import { trail } from './trail.ts';
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

/** One start of a body, and how long it may take. */
export interface Attempt {
  readonly run: ToolRun;
  readonly timeoutMs: number | undefined;
  /** Whether nothing ends the wait for it. */
  readonly endless: boolean;
  wait(body: PromiseLike<unknown>, ms?: number): Promise<BodyResult>;
  outcome(status: OutcomeStatus, more: Pick<ToolOutcome, 'result' | 'error'>): ToolOutcome;
}

/** From here on its time runs. */
export function startClock(
  state: CallState,
  admission: Admission,
  secrets: ToolRun['secrets'],
): Attempt {
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
    const error = callError(state, 'timeout', what);
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

/** Calls that the body makes know on whose behalf, and in which call. */
export function inside<T>({ parts, context }: CallState, { rid, signal }: ToolRun, fn: () => T): T {
  const { ambient } = parts;
  if (ambient === undefined) return fn();
  const ends = signal === undefined ? {} : { signal };
  return ambient.run({ ...context, ...ends, parent: rid }, fn);
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
