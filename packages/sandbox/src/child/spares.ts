import { type Child, startChild } from './child.ts';
import type { Launch } from './launch.ts';

/** Children that have loaded their module already and wait for the one call that they will serve. */
export interface Spares {
  /** A child for one call: a waiting one, else a new one. */
  take(key: string): Child;
  /** Starts what is missing, for the next call. */
  refill(key: string): void;
  /** Kills all, those in use too. */
  close(): Promise<void>;
}

export interface SparesOptions {
  /** How many wait per module. */
  readonly count: number;
  readonly maxBytes: number;
  launch(key: string): Launch;
}

export function createSpares({ count, maxBytes, launch }: SparesOptions): Spares {
  const waiting = new Map<string, Child[]>();
  const all = new Set<Child>();
  let closed = false;

  function start(key: string): Child {
    const child = startChild(launch(key), maxBytes);
    all.add(child);
    void child.gone.then(() => all.delete(child));
    return child;
  }

  const idle = (key: string): Child[] => (waiting.get(key) ?? []).filter((child) => child.alive());

  return {
    take(key) {
      const [first, ...rest] = idle(key);
      waiting.set(key, rest);
      return first ?? start(key);
    },
    refill(key) {
      if (closed) return;
      const ready = idle(key);
      while (ready.length < count) ready.push(start(key));
      waiting.set(key, ready);
    },
    async close() {
      closed = true;
      const ending = [...all];
      for (const child of ending) {
        child.kill();
        child.hold(true);
      }
      await Promise.all(ending.map((child) => child.gone));
    },
  };
}
