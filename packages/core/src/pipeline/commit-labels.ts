import { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import type { Admission } from './admit.ts';
import { type CallState, sessionOf } from './call-state.ts';

/**
 * Step 9, once per call: labels are kept before the model sees anything.
 *
 * @throws {GuardError} `result_withheld`.
 */
export function* commitLabels(state: CallState, { decision }: Admission): Steps<void> {
  if (decision.obligations.length === 0) return;
  const labels = decision.obligations.flatMap((o) => (o.type === 'label' ? o.labels : []));
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
