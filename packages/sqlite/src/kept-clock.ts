import { type ClockMark, GuardError, steadyClock } from '@guardstile/core';

import type { StoreFile } from './store-file.ts';

/** The time of a store, which goes on where another process left it. */
export interface KeptClock {
  /** Within a transaction that may write; `before` is what the store kept, where that is known. */
  now(before?: ClockMark): number;
  /** Within one that only reads. */
  look(): number;
  /** As far as this process knows. */
  glance(): number;
}

/** Where a store keeps how far its clock has come. */
export interface ClockPlace {
  /** Selects `time` and `ahead`, of one row at most. */
  readonly read: string;
  /** Keeps both, in this order. */
  readonly keep: string;
}

/** Steps that are kept: what ends within one is written anyway. */
const KEPT_MS = 1000;

/** @throws {GuardError} The store's code where the given clock tells no time. */
export function keptClock(
  { kind, prepare, read }: StoreFile,
  place: ClockPlace,
  clock: () => number,
): KeptClock {
  const tick = steadyClock(() => {
    const given = clock();
    if (Number.isFinite(given)) return given;
    throw new GuardError(
      kind.code,
      `the clock of ${kind.name} tells no time, so nothing can be said to be in time; mend the clock`,
    );
  });
  const select = prepare(place.read);
  const keep = prepare(place.keep);

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
    look: () => tick(kept()).time,
    glance: () => tick().time,
  };
}

/** What a row of the clock says. */
export function markOf(row: Readonly<Record<string, unknown>> | undefined): ClockMark {
  return { time: Number(row?.['time'] ?? -Infinity), ahead: Number(row?.['ahead'] ?? 0) };
}
