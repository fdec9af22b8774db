import type { FlowSight } from '../data-flow.ts';
import type { ToolOutcome } from '../hooks.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import type { Admission } from './admit.ts';
import type { Attempt } from './attempt.ts';
import type { BodyResult } from './body.ts';
import { named } from './call-error.ts';
import type { CallState } from './call-state.ts';
import { commitLabels, labelsOf } from './commit-labels.ts';
import { followResult } from './follow-flow.ts';
import { treat, treatError } from './treat.ts';

/** Step 9: the outcome with the result as the model may see it. */
export function* showResult(
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
