import type { OutcomeStatus } from '../audit/entry.ts';
import { GuardError, isGuardError } from '../errors.ts';
import type { ToolOutcome } from '../hooks.ts';
import { applyObligations } from '../obligations.ts';
import { isThenable, type Steps } from '../steps.ts';
import { type Admission, release } from './admit.ts';
import { type CallState, eventBase, PATIENT, sessionOf } from './call-state.ts';
import { record } from './record.ts';

/**
 * Step 9 for one value, the result or a chunk of it: what the model may see of it.
 *
 * @throws {GuardError} `result_withheld`.
 */
export function treat(state: CallState, { decision }: Admission, value: unknown): unknown {
  const { redactor } = state.parts;
  const treated =
    decision.obligations.length === 0
      ? value
      : applyObligations(value, decision.obligations, redactor);
  if ((state.tool.spec.secrets ?? []).length === 0) return treated;
  try {
    return redactor.withoutIssued(treated);
  } catch (cause) {
    throw new GuardError(
      'result_withheld',
      'its result may hold a secret it was given and cannot be looked into, so it is withheld; return plain data',
      { cause },
    );
  }
}

/** Step 9, once per call: labels are kept before the model sees anything. */
export function* commitLabels(state: CallState, { decision }: Admission): Steps<void> {
  if (decision.obligations.length === 0) return;
  const labels = decision.obligations.flatMap((o) => (o.type === 'label' ? o.labels : []));
  if (labels.length === 0) return;
  const { parts, context } = state;
  try {
    yield* PATIENT.for(
      parts.labels.add(sessionOf(context), labels),
      parts.storeTimeoutMs,
      () => new Error(`took longer than ${parts.storeTimeoutMs} ms`),
    );
  } catch (cause) {
    throw new GuardError('result_withheld', 'its labels could not be kept, so its result is withheld', {
      cause,
    });
  }
}

/** An error as the model may see it; the same object unless something had to be hidden. */
export function treatError(state: CallState, admission: Admission, error: unknown): unknown {
  if (!(error instanceof Error) || isGuardError(error)) return error;
  const secrets = (state.tool.spec.secrets ?? []).length > 0;
  if (!secrets && admission.decision.obligations.length === 0) return error;
  const message = String(treat(state, admission, error.message));
  if (message === error.message) return error;
  // Neither message nor stack nor cause of the original may travel on.
  const treated = new Error(message);
  treated.name = error.name;
  return treated;
}

/** Step 10: writes down what came of it and lets everybody know. Never fails the call. */
export function* conclude(state: CallState, admission: Admission, outcome: ToolOutcome): Steps<void> {
  const { parts, context } = state;
  const warn = (message: string): void => parts.logger?.warn(`${state.call.tool.name}: ${message}`);
  try {
    yield* record(state, PATIENT, {
      kind: 'outcome',
      action: 'tool.outcome',
      attempt: admission.attempt,
      status: outcome.status,
      ms: outcome.ms,
      ...(outcome.error === undefined ? {} : { error: parts.redactor.text(messageOf(outcome.error)) }),
    });
  } catch (error) {
    warn(messageOf(error));
  }
  if (admission.reserved !== undefined) yield* settleLimits(state, admission.reserved, outcome);
  announce(state, outcome);
  yield* parts.hooks.post(state.call, outcome, context, PATIENT, warn);
}

/** An error keeps what it reserved spent, unless the tool says that it had no effect. */
function* settleLimits(state: CallState, token: string, outcome: ToolOutcome): Steps<void> {
  const { limits, storeTimeoutMs, logger } = state.parts;
  const { error } = outcome;
  const noEffect =
    outcome.status === 'not-started' ||
    (outcome.status === 'error' &&
      typeof error === 'object' &&
      error !== null &&
      Object.hasOwn(error, 'noEffect') &&
      (error as { noEffect?: unknown }).noEffect === true);
  if (noEffect) return yield* release(state, token);
  try {
    const settled = limits.settle(token);
    if (isThenable(settled)) yield* PATIENT.for(settled, storeTimeoutMs, () => new Error('took too long'));
  } catch {
    logger?.warn(`limits "${limits.name}" did not settle ${token}`);
  }
  return undefined;
}

const GOOD: readonly OutcomeStatus[] = ['ok'];

function announce(state: CallState, { status, attempt, ms, result, error }: ToolOutcome): void {
  const { events, redactor } = state.parts;
  if (!GOOD.includes(status)) {
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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
