import type { Decision } from '../decision.ts';
import { type CallState, eventBase, storedArgs } from './call-state.ts';

/** Tells listeners that a call came in. */
export function announceCall(state: CallState): void {
  state.parts.events.emit('call', () => ({ ...eventBase(state), args: storedArgs(state) }));
}

/** Tells listeners what was decided. */
export function announce(state: CallState, decision: Decision): void {
  const { events, redactor } = state.parts;
  const { effect, reason, rule } = decision;
  events.emit('decision', () => ({
    ...eventBase(state),
    effect,
    reason: redactor.text(reason),
    ...(rule === undefined ? {} : { rule }),
    ...(effect === 'deny' ? { code: decision.code } : {}),
    args: storedArgs(state),
  }));
}
