import type { Origin, Place } from './origin.ts';

/** The texts of one observed value, joined, with the bounds and the origin of each. */
export interface Leaves {
  readonly text: string;
  /** Where each leaf starts. A leaf ends one character before the next. */
  readonly starts: readonly number[];
  /** Of each leaf: index into `origins`. */
  readonly origin: readonly number[];
  /** Of each leaf: index into `patterns`. */
  readonly pattern: readonly number[];
  /** Of each leaf: the position in the outermost list, or -1. */
  readonly item: readonly number[];
  readonly origins: readonly Origin[];
  /** Paths with `[]` for any position, such as `[].recipient`. */
  readonly patterns: readonly string[];
}

/** Who returned a value. */
export interface Source {
  readonly tool?: string;
  readonly rid?: string;
}

/** A position, seen in its text. */
export interface Spot {
  readonly text: string;
  readonly offset: number;
  /** Bounds of the leaf. */
  readonly from: number;
  readonly to: number;
  readonly origin: Origin;
  /** Number of the observation: smaller was seen before. */
  readonly seen: number;
  readonly place: () => Place;
}

/** Is given a leaf's bounds in a text, and what positions in the text are counted from. */
export type LeafVisitor = (text: string, from: number, to: number, base: number) => void;

/** Texts under one continuous numbering. */
export interface KeptText {
  /** Keeps the leaves and says what their positions are counted from. */
  keep(leaves: Leaves, source: Source): number;
  /** Calls for each leaf of this origin that was kept since an earlier call, and says where to go on. */
  eachLeaf(origin: Origin, since: number, visit: LeafVisitor): number;
  spotAt(position: number): Spot;
  /** Characters kept. */
  readonly length: number;
}

interface Kept {
  readonly base: number;
  readonly text: string;
  readonly starts: Uint32Array;
  readonly origin: Uint8Array;
  readonly pattern: Uint16Array;
  readonly item: Int32Array;
  readonly origins: readonly Origin[];
  readonly patterns: readonly string[];
  readonly source: Source;
}

export function createKeptText(): KeptText {
  const all: Kept[] = [];
  const bases: number[] = [];
  let length = 0;
  return {
    keep(leaves, source) {
      const base = length;
      bases.push(base);
      all.push({
        base,
        text: leaves.text,
        starts: new Uint32Array(leaves.starts),
        origin: new Uint8Array(leaves.origin),
        pattern: new Uint16Array(leaves.pattern),
        item: new Int32Array(leaves.item),
        origins: leaves.origins,
        patterns: leaves.patterns,
        source,
      });
      length += leaves.text.length + 1;
      return base;
    },
    eachLeaf(origin, since, visit) {
      for (let i = since; i < all.length; i += 1) visitLeaves(all[i] as Kept, origin, visit);
      return all.length;
    },
    spotAt(position) {
      const seen = lastAtMost(bases, position);
      return spotIn(all[seen] as Kept, seen, position); // positions come from keep()
    },
    get length() {
      return length;
    },
  };
}

function visitLeaves(kept: Kept, origin: Origin, visit: LeafVisitor): void {
  const number = kept.origins.indexOf(origin);
  if (number === -1) return;
  const { text, starts, base } = kept;
  for (let i = 0; i < starts.length; i += 1) {
    if (kept.origin[i] !== number) continue;
    const next = starts[i + 1];
    visit(text, starts[i] as number, next === undefined ? text.length : next - 1, base); // within bounds
  }
}

function spotIn(kept: Kept, seen: number, position: number): Spot {
  const { base, text, starts, origins, patterns, source } = kept;
  const offset = position - base;
  const leaf = lastAtMost(starts, offset);
  const next = starts[leaf + 1];
  const origin = origins[kept.origin[leaf] as number] as Origin; // within bounds
  return {
    text,
    offset,
    from: starts[leaf] as number, // within bounds
    to: next === undefined ? text.length : next - 1,
    origin,
    seen,
    place: () => ({
      origin,
      ...source,
      path: pathOf(patterns[kept.pattern[leaf] as number] ?? '', kept.item[leaf] ?? -1),
    }),
  };
}

/** The first list position is known, later ones are not. */
function pathOf(pattern: string, item: number): string {
  return item === -1 ? pattern : pattern.replace('[]', `[${item}]`);
}

/** Index of the last number that is not above the limit, in ascending order; the first is not. */
function lastAtMost(numbers: ArrayLike<number>, limit: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((numbers[middle] as number) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
