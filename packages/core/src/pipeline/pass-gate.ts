import type { Steps } from '../steps.ts';
import type { Admission } from './admit.ts';
import type { CallState } from './call-state.ts';
import { conclude } from './conclude.ts';
import { followStart } from './follow-flow.ts';
import { gate } from './gate.ts';
import { refused } from './refuse.ts';
import { resolveSecrets } from './resolve-secrets.ts';
import { finishUp } from './trail.ts';

const NO_SECRETS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Step 8 up to the start: the last look, and the secrets, which nothing that cannot start gets to
 * see. A call that fails here was allowed, and its outcome is that it did not start.
 */
export function* passGate(
  state: CallState,
  admission: Admission,
): Steps<Readonly<Record<string, string>>> {
  try {
    gate(state, admission);
    const { tool, parts } = state;
    if (tool.secrets.length === 0 && parts.dataFlow === undefined) return NO_SECRETS;
    const secrets = tool.secrets.length === 0 ? NO_SECRETS : yield* resolveSecrets(state);
    yield* followStart(state);
    gate(state, admission); // That took time.
    return secrets;
  } catch (error) {
    const failure = refused(state, error);
    const { attempt } = admission;
    yield* finishUp(
      state,
      conclude(state, admission, { status: 'not-started', attempt, ms: 0, error: failure }),
    );
    throw failure;
  }
}
