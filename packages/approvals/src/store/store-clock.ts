import { GuardError } from '@guardstile/core';

/** How far a store's clock has come. */
export interface ClockMark {
  /** The latest time that it told, milliseconds since 1970. */
  readonly time: number;
  /** How far it is ahead of the given clock, which was set back by so much. */
  readonly ahead: number;
}

/** Steps back that are no setting of a clock: processes read it at slightly different moments. */
const JITTER_MS = 1000;

/**
 * A clock that never goes backwards, and goes on from where it stands when the given one is set
 * back: what had expired stays so, and what is open expires. Takes the mark that the store kept.
 */
export function storeClock(clock: () => number): (kept: ClockMark) => ClockMark {
  let mark: ClockMark = { time: 0, ahead: 0 };
  return (kept) => {
    const given = clock();
    if (!Number.isFinite(given)) {
      throw new GuardError(
        'approval_store_error',
        'the clock of the approval store tells no time, so nothing can be said to be in time; mend the clock',
      );
    }
    const reached = Math.max(mark.time, kept.time);
    const known = Math.max(mark.ahead, kept.ahead);
    const ahead = reached - (given + known) > JITTER_MS ? reached - given : known;
    mark = { time: Math.max(reached, given + ahead), ahead };
    return mark;
  };
}

/** Whether a mark says enough that is new to be kept: what expired is kept beside it. */
export function isNewer(mark: ClockMark, kept: ClockMark): boolean {
  return mark.ahead !== kept.ahead || mark.time - kept.time >= JITTER_MS;
}
