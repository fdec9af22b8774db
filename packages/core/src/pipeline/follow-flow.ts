import type { CallContext } from '../call.ts';
import type { FlowSight, FlowView, Turn } from '../data-flow.ts';
import { drop } from '../drop.ts';
import { GuardError } from '../errors.ts';
import type { Parts } from '../guard-options.ts';
import { messageOf } from '../message-of.ts';
import type { MaybePromise, Steps } from '../steps.ts';
import { isInterruption } from '../waiting.ts';
import type { Admission } from './admit.ts';
import { type CallState, PATIENT, viewOf } from './call-state.ts';

// Where values come from: looked up for step 5, and kept at steps 8 and 9.

/**
 * Before anything is decided: what the session has seen so far.
 *
 * @throws {GuardError} `flow_error`.
 */
export function* readFlow(state: CallState): Steps<void> {
  const { context, input } = state;
  const flow = yield* sessionFlow(state, context, input.turns);
  if (flow !== undefined) state.call = Object.freeze({ ...state.call, flow });
}

/**
 * What was said without a call.
 *
 * @throws {GuardError} `flow_error` or `closed`.
 */
export function* hear(parts: Parts, context: CallContext, turns: readonly Turn[]): Steps<void> {
  if (parts.closed) throw new GuardError('closed', 'the guard was closed; create a new one');
  yield* sessionFlow({ parts, waiting: PATIENT }, context, () => turns);
}

function* sessionFlow(
  state: Followed,
  context: CallContext,
  turns: () => readonly Turn[],
): Steps<FlowView | undefined> {
  const { dataFlow } = state.parts;
  if (dataFlow === undefined) return undefined;
  const flow = yield* followed(state, UNDECIDED, () => dataFlow.session(context, turns()));
  if (isView(flow)) return flow;
  throw failed(dataFlow.name, UNDECIDED, 'it gave no answer');
}

const UNDECIDED = 'nothing is decided without it';

/** As much of a call as there is. */
type Followed = Pick<CallState, 'parts' | 'waiting'>;

/**
 * Step 8: what the body is given may be anywhere from now on.
 *
 * @throws {GuardError} `flow_error`.
 */
export function* followStart(state: CallState): Steps<void> {
  const { parts, context } = state;
  const { dataFlow } = parts;
  if (dataFlow === undefined) return;
  yield* followed(state, 'nothing starts without it', () =>
    dataFlow.starting(viewOf(state), context),
  );
}

/**
 * Step 9: what the model is about to see. Gives the labels that the session has from now on.
 *
 * @throws {GuardError} `result_withheld`.
 */
export function* followResult(
  state: CallState,
  { decision }: Admission,
  kind: FlowSight['kind'],
  value: unknown,
): Steps<readonly string[]> {
  const { parts, context, waiting, tool } = state;
  const { dataFlow, storeTimeoutMs } = parts;
  if (dataFlow === undefined) return NONE;
  const labels = decision.obligations.flatMap((o) => (o.type === 'origins' ? [o.of] : []));
  try {
    const whole = kind === 'error' || kind === 'chunk' || tool.shown === undefined;
    const seen = whole ? value : tool.shown(value);
    const added: unknown = yield* waiting.for(
      dataFlow.observe(viewOf(state), context, { kind, value: seen, labels }),
      storeTimeoutMs,
      () => new Error(`it took longer than ${storeTimeoutMs} ms`),
    );
    if (isTexts(added)) return added;
    throw new Error('it answered no list of labels');
  } catch (cause) {
    throw new GuardError(
      'result_withheld',
      `its result is withheld, because "${dataFlow.name}" could not keep where it came from (${messageOf(cause)}); mend the store`,
      { cause },
    );
  }
}

/** The call is over. */
export function followEnd(state: CallState): void {
  const { dataFlow, logger } = state.parts;
  if (dataFlow?.ended === undefined) return;
  try {
    drop(dataFlow.ended(viewOf(state), state.context));
  } catch (failure) {
    logger?.warn(`${state.call.tool.name}: ${messageOf(failure)}`);
  }
}

const NONE: readonly string[] = Object.freeze([]);

function* followed<T>(state: Followed, so: string, ask: () => MaybePromise<T>): Steps<T> {
  const { dataFlow, storeTimeoutMs } = state.parts;
  try {
    return yield* state.waiting.for(
      ask(),
      storeTimeoutMs,
      () => new Error(`it took longer than ${storeTimeoutMs} ms`),
    );
  } catch (cause) {
    if (isInterruption(cause)) throw cause;
    throw failed(dataFlow?.name ?? '', so, messageOf(cause), cause);
  }
}

function failed(name: string, so: string, why: string, cause?: unknown): GuardError {
  return new GuardError(
    'flow_error',
    `the data flow "${name}" failed (${why}), and ${so}; mend that and call again`,
    cause === undefined ? {} : { cause },
  );
}

function isView(value: unknown): value is FlowView {
  if (typeof value !== 'object' || value === null) return false;
  const isMethod = (name: keyof FlowView): boolean =>
    Object.hasOwn(value, name) && typeof (value as FlowView)[name] === 'function';
  return isMethod('originOf') && isMethod('isVouched') && isMethod('secretsIn');
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
