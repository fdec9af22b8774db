import type { CallContext } from './call.ts';

/** Stops calls for as long as it is on: none starts, and those that run are aborted. */
export interface StopSwitch {
  /** The reason, when calls are stopped. Asked synchronously right before a tool starts. */
  stopped(context: CallContext): string | undefined;
  /**
   * Says that calls were stopped, to whoever runs one; `stopped` says whether it is meant. Returns the
   * undo. Absent: calls that run already run on.
   */
  subscribe?(listener: () => void): () => void;
}

export interface ManualStopSwitch extends StopSwitch {
  /** Stops all calls. Returns its undo. */
  stop(reason: string): () => void;
}

/** A stop switch for this process, to be thrown by hand or by a monitor. */
export function stopSwitch(): ManualStopSwitch {
  const reasons = new Set<{ readonly reason: string }>();
  const listeners = new Set<() => void>();
  return {
    stopped() {
      const [first] = reasons;
      return first?.reason;
    },
    stop(reason) {
      // Whoever stops without a reason means it, too.
      const entry = { reason: String(reason) };
      reasons.add(entry);
      for (const listener of listeners) listener();
      return () => {
        reasons.delete(entry);
      };
    },
    subscribe(listener) {
      const own = (): void => {
        try {
          listener();
        } catch {
          // The others are told all the same.
        }
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
}
