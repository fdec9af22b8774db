import { type ClockMark, steadyClock } from '@guardstile/core';

import type { StoreFile } from './store-file.ts';

/** The time of a store, which goes on where another process left it. */
export interface KeptClock {
  /** Within a transaction that may write; `before` is what the store kept, where that is known. */
  now(before?: ClockMark): number;
  /** As far as this process knows. */
  glance(): number;
}

/** Steps that are kept: what ends within one is written anyway. */
const KEPT_MS = 1000;

export function keptClock({ prepare, read }: StoreFile, clock: () => number): KeptClock {
  const tick = steadyClock(clock);
  const select = prepare('SELECT time, ahead FROM clock');
  const keep = prepare(
    `INSERT INTO clock (id, time, ahead) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET time = excluded.time, ahead = excluded.ahead`,
  );

  const kept = (): ClockMark => markOf(select.get());

  tick(read(kept));
  return {
    now(before = kept()) {
      const mark = tick(before);
      if (mark.ahead !== before.ahead || mark.time - before.time >= KEPT_MS) {
        keep.run(mark.time, mark.ahead);
      }
      return mark.time;
    },
    glance: () => tick().time,
  };
}

/** What a row of the clock says. */
export function markOf(row: Readonly<Record<string, unknown>> | undefined): ClockMark {
  return { time: Number(row?.['time'] ?? -Infinity), ahead: Number(row?.['ahead'] ?? 0) };
}
