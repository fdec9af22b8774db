import type { Origin, Place } from './origin.ts';

/** One origin in which a value was seen. */
export interface Sighting {
  readonly origin: Origin;
  /** Where it was seen first. */
  readonly place: Place;
  /** Number of the observation: smaller was seen before. */
  readonly seen: number;
  /** Whether it says anything: short values turn up anywhere. */
  readonly proves: boolean;
  /** Set where a call of this session had sent the value before. */
  readonly late?: true;
  /** Set where it is only part of a trusted field, which vouches for nothing but its whole value. */
  readonly inside?: true;
}

/** Where a value was seen: one sighting for each origin, none when it came from nowhere. */
export interface Provenance {
  readonly value: string;
  readonly sightings: readonly Sighting[];
  /** Whether everything the session saw was looked through. */
  readonly complete: boolean;
}
