import { fold, kindOf, LETTER, sixBitsOf } from './characters.ts';
import { compactOf } from './compact.ts';
import { indexer } from './drawers.ts';
import { eachWindow, type Library } from './find-value.ts';
import { createHashTable } from './hash-table.ts';
import { WINDOW } from './index-text.ts';
import type { Spot } from './kept-text.ts';
import { copyAround } from './match-spot.ts';
import type { Origin, Place } from './origin.ts';
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
  readonly origins: readonly Origin[];
  readonly bytes: number;
}

/** Secrets are few, and none may be missed. */
const MOST_SAME = 64;
const MOST_PLACES = 8;

export function createSecretIndex(library: Library, seed: number): SecretIndex {
  const { kept } = library;
  /** What brings the index of an origin up to date. */
  const origins = new Map<Origin, () => void>();
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

  function open(origin: Origin): void {
    if (!origins.has(origin)) origins.set(origin, indexer(library, origin, add));
  }

  function within(value: unknown): readonly Place[] {
    for (const catchUp of origins.values()) catchUp();
    if (windows.size === 0 && wholes.size === 0) return [];
    const places = new Map<string, Place>();
    for (const text of spellingsOf(value)) {
      const compact = compactOf(text);
      for (const spot of [...wholesIn(compact), ...copiesIn(compact)]) {
        const place = spot.place();
        places.set(JSON.stringify(place), place);
        if (places.size >= MOST_PLACES) return [...places.values()];
      }
    }
    return [...places.values()];
  }

  function* wholesIn(compact: string): Generator<Spot> {
    for (const length of lengths) {
      for (let from = 0; from + length <= compact.length; from += 1) {
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

  function copiesIn(compact: string): readonly Spot[] {
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
    open,
    within,
    get origins() {
      return [...origins.keys()];
    },
    get bytes() {
      return windows.bytes + wholes.bytes;
    },
  };
}
