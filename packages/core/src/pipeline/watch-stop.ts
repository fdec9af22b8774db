import { drop } from '../drop.ts';
import { GuardError } from '../errors.ts';
import type { CallState } from './call-state.ts';
import { stopReason } from './gate.ts';

/**
 * Tells a call under way that calls are stopped, as soon as its stop switch says so; returns the undo.
 * A switch that cannot be watched counts as thrown.
 */
export function watchStop(state: CallState, stop: (error: GuardError) => void): () => void {
  const { stopSwitch } = state.parts;

  function look(): void {
    const reason = stopReason(state);
    if (reason === undefined) return;
    const what = `calls are stopped: ${reason}; it may still have had an effect`;
    stop(new GuardError('stopped', what, { tool: state.call.tool.name, rid: state.rid }));
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
    stop(
      new GuardError('stopped', 'the stop switch cannot be watched; mend it and call again', {
        tool: state.call.tool.name,
        rid: state.rid,
      }),
    );
    return () => undefined;
  }
}
