import { GuardError } from '../errors.ts';

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
 * For stores of limits: a clock that never goes backwards, and goes on from where it stands when the
 * given one is set back, so that windows last neither shorter nor for ever. Takes the mark that the
 * store kept, where it keeps one.
 */
export function steadyClock(clock: () => number): (kept?: ClockMark) => ClockMark {
  let mark: ClockMark = { time: -Infinity, ahead: 0 };
  return (kept = mark) => {
    const given = clock();
    if (!Number.isFinite(given)) {
      throw new GuardError(
        'limits_error',
        'the clock of the limits tells no time, so nothing can be counted; mend the clock',
      );
    }
    const reached = Math.max(mark.time, kept.time);
    const known = Math.max(mark.ahead, kept.ahead);
    const ahead = reached - (given + known) > JITTER_MS ? reached - given : known;
    mark = { time: Math.max(reached, given + ahead), ahead };
    return mark;
  };
}
