import type { Approval } from '../approvals/approval.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import { fromStore, readResult } from './approval-store.ts';
import { type CallState, eventBase, PATIENT } from './call-state.ts';
import { record } from './record.ts';
import { finishUp } from './trail.ts';

/** Whoever waits no longer must not leave an approval behind that could still be answered. */
export function* callOff(
  state: CallState,
  approval: Approval,
  how: 'cancelled' | 'expired' = 'cancelled',
): Steps<void> {
  // Another call asked, and may still be waiting for it.
  if (approval.rid !== state.rid) return;
  yield* finishUp(state, cancel(state, approval, how));
}

function* cancel(state: CallState, { aid }: Approval, how: 'cancelled' | 'expired'): Steps<void> {
  const { approvals, events, logger } = state.parts;
  try {
    const result = yield* fromStore(state, () => approvals.cancel(aid), readResult, PATIENT);
    // What is settled already stays so; only the clock of the store may have been quicker.
    const ended = result.ok ? how : result.reason;
    if (!result.ok && ended !== 'expired') return;
    events.emit('approval.resolved', () => ({ ...eventBase(state), aid, state: ended }));
    yield* record(state, PATIENT, { kind: 'approval', action: `approval.${ended}`, aid });
  } catch (error) {
    logger?.warn(`${state.call.tool.name}: ${aid} could not be called off: ${messageOf(error)}`);
  }
}
