/** Tells whoever listens that something changed. */
export interface ChangeWatch {
  tell(aid: string): void;
  /** Returns its undo. */
  subscribe(listener: (aid?: string) => void): () => void;
  close(): void;
}

/** How often other processes' changes are looked for, in milliseconds. */
const EVERY_MS = 1000;

/** `version` changes whenever another process changed something. It is only asked while somebody listens. */
export function changeWatch(version: () => number): ChangeWatch {
  const listeners = new Set<(aid?: string) => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let seen: number | undefined;

  function tellAll(...what: [aid?: string]): void {
    for (const listener of listeners) {
      try {
        listener(...what);
      } catch {
        // A hint: whoever did not take it looks again later.
      }
    }
  }

  /** A database that cannot be asked has nothing to tell; whoever uses it learns why. */
  function current(): number | undefined {
    try {
      return version();
    } catch {
      return undefined;
    }
  }

  function look(): void {
    const now = current();
    if (now === seen) return;
    seen = now;
    tellAll();
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    tell: tellAll,
    subscribe(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        seen = current();
        timer = setInterval(look, EVERY_MS);
        timer.unref();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
    },
    close() {
      listeners.clear();
      stop();
    },
  };
}
