import type { OutcomeStatus } from '../audit/entry.ts';
import type { ToolOutcome } from '../hooks.ts';
import { drive } from '../steps.ts';
import type { Admission } from './admit.ts';
import { type Attempt, inside } from './attempt.ts';
import { named } from './call-error.ts';
import { type CallState, eventBase } from './call-state.ts';
import { commitLabels, labelsOf } from './commit-labels.ts';
import { conclude } from './conclude.ts';
import { followResult } from './follow-flow.ts';
import { showResult } from './show-result.ts';
import { guardStream } from './stream.ts';
import { finishUp } from './trail.ts';
import { treat } from './treat.ts';
import { stopError } from './watch-stop.ts';

/** Steps 9 and 10 of a result that arrives in chunks. */
export function runStream(
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
        ? await drive(showResult(state, admission, attempt, { status, error }))
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
    async wait(step, goesOn) {
      const stopped = goesOn ? stopError(state) : undefined;
      if (stopped !== undefined) return { status: 'unknown', error: stopped };
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
