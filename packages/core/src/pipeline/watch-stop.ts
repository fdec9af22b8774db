import { drop } from '../drop.ts';
import { GuardError } from '../errors.ts';
import type { CallState } from './call-state.ts';
import { stopReason } from './gate.ts';

/**
 * Tells a call under way, or one that waits for an answer, that calls are stopped, as soon as its stop
 * switch says so; returns the undo. A switch that cannot be watched counts as thrown.
 */
export function watchStop(state: CallState, stop: (error: GuardError) => void): () => void {
  const { stopSwitch } = state.parts;

  function look(): void {
    const error = stopError(state);
    if (error !== undefined) stop(error);
  }

  try {
    const undo = stopSwitch?.subscribe?.(look);
    // It may have been thrown since the last chunk of a stream.
    look();
    return () => {
      try {
        if (typeof undo === 'function') drop(undo()); // a switch can be anybody's
      } catch {
        // It goes on telling a call that is over.
      }
    };
  } catch {
    stop(stopped(state, 'the stop switch cannot be watched'));
    return () => undefined;
  }
}

/** The error of a call that is stopped, if it is. */
export function stopError(state: CallState): GuardError | undefined {
  const reason = stopReason(state);
  return reason === undefined ? undefined : stopped(state, reason);
}

function stopped({ admitted, call, rid }: CallState, reason: string): GuardError {
  const what = `calls are stopped: ${reason}`;
  return admitted
    ? new GuardError('stopped', `${what}; it may still have had an effect`, {
        tool: call.tool.name,
        rid,
      })
    : new GuardError('stopped', `${what}; nothing ran, and nobody is asked any more`);
}
