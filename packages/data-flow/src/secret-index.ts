import type { Origin, Place } from '@guardstile/core';
import { fold, kindOf, LETTER, sixBitsOf } from './characters.ts';
import { compactOf } from './compact.ts';
import { indexer } from './drawers.ts';
import { eachWindow, type Library } from './find-value.ts';
import { createHashTable } from './hash-table.ts';
import { WINDOW } from './index-text.ts';
import { normalizeText } from './normalize-text.ts';
import { lastAtMost, type Spot } from './kept-text.ts';
import { copyAround } from './match-spot.ts';
import { spellingsOf } from './spellings-of.ts';
import { finish, hashSpan, hashWindow, step } from './text-hash.ts';

/** Fewest letters of a secret that can be found again. */
const SHORTEST_SECRET = 4;
/** A copy of this many letters of a longer secret is found for certain. */
const LEAST_COPY: number = 2 * WINDOW - 1;

/** Secrets, to be found inside of what leaves. */
export interface SecretIndex {
  /** From now on texts of this origin are looked for. */
  open(origin: Origin): void;
  /** Where the secrets came from that a value holds. */
  within(value: unknown): readonly Place[];
  /** This value may leave: what of a secret is within a copy of it is not found. */
  release(value: string): void;
  readonly origins: readonly Origin[];
  readonly bytes: number;
}

/** Whether what was found from here to there may leave. */
type IsReleased = (from: number, to: number) => boolean;

/** The secrets of one origin. */
interface SecretDrawer {
  readonly origin: Origin;
  readonly isEmpty: boolean;
  readonly bytes: number;
  /** Brings it up to date. */
  catchUp(): void;
  spotsIn(compact: string, isReleased: IsReleased): Iterable<Spot>;
}

/** Secrets are few, and none may be missed. */
const MOST_SAME = 64;
const MOST_PLACES = 8;

export function createSecretIndex(library: Library, seed: number): SecretIndex {
  const drawers = new Map<Origin, SecretDrawer>();
  const released = new Set<string>();

  /** Of each origin, since a rule may be about one of them and the same be in two. */
  function placesOf(drawer: SecretDrawer, texts: readonly string[]): readonly Place[] {
    const places = new Map<string, Place>();
    for (const compact of texts) {
      for (const spot of drawer.spotsIn(compact, releasedIn(compact, released))) {
        const place = spot.place();
        places.set(JSON.stringify(place), place);
        if (places.size >= MOST_PLACES) return [...places.values()];
      }
    }
    return [...places.values()];
  }

  return {
    open(origin) {
      if (drawers.has(origin)) return;
      drawers.set(origin, createDrawer(library, origin, finish(step(seed, drawers.size))));
    },
    release(value) {
      const compact = compactOf(normalizeText(value));
      if (compact !== '') released.add(compact);
    },
    within(value) {
      for (const drawer of drawers.values()) drawer.catchUp();
      const own = [...drawers.values()].filter(({ isEmpty }) => !isEmpty);
      if (own.length === 0) return [];
      const { texts, complete } = spellingsOf(value);
      const compact = texts.map(compactOf);
      // What cannot be read may hold any of them.
      return own.flatMap((drawer) =>
        complete ? placesOf(drawer, compact) : [{ origin: drawer.origin, path: '' }],
      );
    },
    get origins() {
      return [...drawers.keys()];
    },
    get bytes() {
      return [...drawers.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    },
  };
}

/** Whether a part of a compact text is within a copy of what was released. */
function releasedIn(compact: string, released: ReadonlySet<string>): IsReleased {
  const copies: Array<readonly [start: number, end: number]> = [];
  for (const value of released) {
    for (let at = compact.indexOf(value); at !== -1; at = compact.indexOf(value, at + 1)) {
      copies.push([at, at + value.length]);
    }
  }
  if (copies.length === 0) return () => false;
  copies.sort(([a], [b]) => a - b);
  const starts = copies.map(([start]) => start);
  let furthest = 0;
  /** How far a copy reaches that starts there or before. */
  const reach = copies.map(([, end]) => (furthest = Math.max(furthest, end)));
  return (from, to) => {
    const last = lastAtMost(starts, from);
    return (starts[last] ?? from + 1) <= from && (reach[last] ?? 0) >= to;
  };
}

function createDrawer(library: Library, origin: Origin, seed: number): SecretDrawer {
  const { kept } = library;
  const windows = createHashTable();
  const wholes = createHashTable();
  /** Lengths of the secrets that are found whole. */
  const lengths = new Set<number>();
  const windowSeed = finish(step(seed, 1));
  const wholeSeed = finish(step(seed, 2));

  function add(text: string, from: number, to: number, base: number): void {
    const compact = compactOf(text.slice(from, to));
    if (compact.length < SHORTEST_SECRET) return;
    if (compact.length < LEAST_COPY) {
      lengths.add(compact.length);
      wholes.add(hashSpan(compact, 0, compact.length, wholeSeed), base + from, MOST_SAME);
    }
    if (compact.length >= LEAST_COPY) addWindows(text, from, to, base);
  }

  /** Every eighth window of a long secret, with the position of its last letter. */
  function addWindows(text: string, from: number, to: number, base: number): void {
    let letters = 0;
    let high = 0;
    let low = 0;
    for (let i = from; i < to; i += 1) {
      const code = text.charCodeAt(i);
      if (kindOf(code) !== LETTER) continue;
      high = ((high << 6) | (low >>> 18)) & 0xffffff;
      low = ((low << 6) | sixBitsOf(fold(code))) & 0xffffff;
      letters += 1;
      if (letters % WINDOW === 0) {
        windows.add(hashWindow(high, low, windowSeed), base + i, MOST_SAME);
      }
    }
  }

  function* wholesIn(compact: string, isReleased: IsReleased): Generator<Spot> {
    for (const length of lengths) {
      for (let from = 0; from + length <= compact.length; from += 1) {
        if (isReleased(from, from + length)) continue;
        let found: Spot | undefined;
        wholes.find(hashSpan(compact, from, from + length, wholeSeed), (position) => {
          const spot = kept.spotAt(position);
          const secret = compactOf(spot.text.slice(spot.from, spot.to));
          if (!compact.startsWith(secret, from) || secret.length !== length) return false;
          found = spot;
          return true;
        });
        if (found !== undefined) yield found;
      }
    }
  }

  function copiesIn(compact: string, isReleased: IsReleased): readonly Spot[] {
    const spots: Spot[] = [];
    if (windows.size === 0) return spots;
    eachWindow(compact, windowSeed, (hash, last) => {
      let looked = 0;
      let firstSpot: Spot | undefined;
      const copied = windows.find(hash, (position) => {
        const spot = kept.spotAt(position);
        firstSpot ??= spot;
        looked += 1;
        const copy = copyAround(spot, compact, last);
        if (copy === undefined || copy.to - copy.from < LEAST_COPY) return false;
        if (isReleased(copy.from, copy.to)) return false;
        spots.push(spot);
        return true;
      });
      // So many places begin alike that not all of them are kept: any of them may be the one.
      if (!copied && looked === MOST_SAME && firstSpot !== undefined) spots.push(firstSpot);
      return spots.length >= MOST_PLACES;
    });
    return spots;
  }

  return {
    origin,
    catchUp: indexer(library, origin, add),
    *spotsIn(compact, isReleased) {
      yield* wholesIn(compact, isReleased);
      yield* copiesIn(compact, isReleased);
    },
    get isEmpty() {
      return windows.size === 0 && wholes.size === 0;
    },
    get bytes() {
      return windows.bytes + wholes.bytes;
    },
  };
}
