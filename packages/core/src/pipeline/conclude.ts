import { isGuardError } from '../errors.ts';
import type { ToolOutcome } from '../hooks.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import type { Admission } from './admit.ts';
import { type CallState, eventBase, PATIENT, viewOf } from './call-state.ts';
import { followEnd } from './follow-flow.ts';
import { record } from './record.ts';
import { release, renew, settleLimits } from './reserve.ts';

/** Step 10: writes down what came of it and lets everybody know. Never fails the call. */
export function* conclude(
  state: CallState,
  { attempt, reserved }: Admission,
  outcome: ToolOutcome,
): Steps<void> {
  const { parts, context } = state;
  followEnd(state);
  const { status, ms, error } = outcome;
  const warn = (message: string): void => parts.logger?.warn(`${state.call.tool.name}: ${message}`);
  try {
    if (parts.audit !== undefined)
      yield* record(state, PATIENT, {
        kind: 'outcome',
        action: 'tool.outcome',
        attempt,
        status,
        ms,
        ...(status === 'ok' ? {} : { error: parts.redactor.text(messageOf(error)) }),
        ...(isGuardError(error) ? { code: error.code } : {}),
      });
  } catch (failure) {
    warn(messageOf(failure));
  }
  if (reserved !== undefined) yield* giveBack(state, reserved, outcome);
  if (parts.hooks.concluding)
    yield* parts.hooks.post(() => viewOf(state), outcome, context, PATIENT, warn);
  announce(state, outcome);
}

/** Settles what was reserved by what came of it, or releases it. */
export function* giveBack(
  state: CallState,
  token: string,
  outcome: Pick<ToolOutcome, 'status' | 'error'>,
): Steps<void> {
  if (hadNoEffect(outcome)) return yield* release(state, token);
  // A body that was given up may still run: it settles when it ends, or when the lease does.
  const givenUp = outcome.status === 'timeout' || outcome.status === 'unknown';
  yield* givenUp ? renew(state, token) : settleLimits(state, token);
}

/** An error keeps what it reserved spent, unless the tool says that it had no effect. */
function hadNoEffect({ status, error }: Pick<ToolOutcome, 'status' | 'error'>): boolean {
  if (status === 'not-started') return true;
  return (
    status === 'error' &&
    typeof error === 'object' &&
    error !== null &&
    Object.hasOwn(error, 'noEffect') &&
    (error as { readonly noEffect?: unknown }).noEffect === true
  );
}

function announce(state: CallState, { status, attempt, ms, result, error }: ToolOutcome): void {
  const { events, redactor } = state.parts;
  if (status !== 'ok') {
    events.emit('error', () => ({
      ...eventBase(state),
      attempt,
      code: isGuardError(error) ? error.code : undefined,
      message: redactor.text(messageOf(error)),
    }));
  }
  events.emit('end', () => ({
    ...eventBase(state),
    attempt,
    status,
    ms,
    result: redactor.stored(result),
  }));
}
