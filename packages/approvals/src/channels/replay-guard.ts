/** Remembers what was taken already, for as long as it would be taken. */
export interface ReplayGuard {
  /** Whether it is new; from now on it is not. */
  take(id: string, now: number): boolean;
  /** It was not carried out, and may come again. */
  forget(id: string): void;
}

const REMEMBERED = 100_000;

export function replayGuard(windowMs: number): ReplayGuard {
  const taken = new Map<string, number>();
  return {
    take(id, now) {
      for (const [old, at] of taken) {
        if (at + windowMs > now && taken.size < REMEMBERED) break;
        taken.delete(old);
      }
      if (taken.has(id)) return false;
      taken.set(id, now);
      return true;
    },
    forget(id) {
      taken.delete(id);
    },
  };
}
