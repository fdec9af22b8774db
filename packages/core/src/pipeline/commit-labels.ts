import type { Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import { type CallState, sessionOf } from './call-state.ts';

/** The labels that a decision puts on the session. */
export function labelsOf({ obligations }: Decision): readonly string[] {
  if (obligations.length === 0) return NONE;
  return obligations.flatMap((o) => (o.type === 'label' ? o.labels : NONE));
}

const NONE: readonly string[] = Object.freeze([]);

/**
 * Step 9: labels are kept before the model sees anything.
 *
 * @throws {GuardError} `result_withheld`.
 */
export function* commitLabels(state: CallState, labels: readonly string[]): Steps<void> {
  if (labels.length === 0) return;
  const { parts, context, waiting } = state;
  try {
    yield* waiting.for(
      parts.labels.add(sessionOf(context), labels),
      parts.storeTimeoutMs,
      () => new Error(`it took longer than ${parts.storeTimeoutMs} ms`),
    );
  } catch (cause) {
    throw new GuardError(
      'result_withheld',
      `its result is withheld, because its labels could not be kept by "${parts.labels.name}"; mend the store`,
      { cause },
    );
  }
}
