import type { CallContext } from './call.ts';

/** Stops every call that has not started yet, for as long as it is on. */
export interface StopSwitch {
  /** The reason, when calls are stopped. Asked synchronously right before a tool starts. */
  stopped(context: CallContext): string | undefined;
}

export interface ManualStopSwitch extends StopSwitch {
  /** Stops all calls. Returns its undo. */
  stop(reason: string): () => void;
}

/** A stop switch for this process, to be thrown by hand or by a monitor. */
export function stopSwitch(): ManualStopSwitch {
  const reasons = new Set<{ readonly reason: string }>();
  return {
    stopped() {
      const [first] = reasons;
      return first?.reason;
    },
    stop(reason) {
      const entry = { reason };
      reasons.add(entry);
      return () => {
        reasons.delete(entry);
      };
    },
  };
}
