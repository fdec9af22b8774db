import type { Origin, Place } from '@guardstile/core';

/** The texts of one observed value, joined, with the bounds and the origin of each. */
export interface Leaves {
  readonly text: string;
  /** Where each leaf starts. A leaf ends one character before the next. */
  readonly starts: ArrayLike<number>;
  /** Of each leaf: index into `patterns`. */
  readonly pattern: ArrayLike<number>;
  /** Of each leaf: the position in the outermost list, or -1. */
  readonly item: ArrayLike<number>;
  readonly patterns: readonly LeafPattern[];
}

/** A path with `[]` for any position, such as `[].recipient`, and the origin of what is there. */
export interface LeafPattern {
  readonly path: string;
  readonly origin: Origin;
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
  /** Keeps the leaves, and says which origins they have. */
  keep(leaves: Leaves, source: Source): ReadonlySet<Origin>;
  /** Calls for each leaf of this origin that was kept since an earlier call, and says where to go on. */
  eachLeaf(origin: Origin, since: number, visit: LeafVisitor): number;
  spotAt(position: number): Spot;
  /** Everything that was kept, in order. */
  all(): ReadonlyArray<Leaves & { readonly source: Source }>;
  /** Characters kept. */
  readonly length: number;
  /** How often something was kept. */
  readonly observations: number;
}

interface Kept {
  readonly base: number;
  readonly text: string;
  readonly starts: Uint32Array;
  readonly pattern: Uint16Array;
  readonly item: Int32Array;
  readonly patterns: readonly LeafPattern[];
  readonly origins: ReadonlySet<Origin>;
  readonly source: Source;
}

export function createKeptText(): KeptText {
  const all: Kept[] = [];
  const bases: number[] = [];
  let length = 0;
  return {
    keep(leaves, source) {
      const base = length;
      const origins = originsOf(leaves);
      bases.push(base);
      all.push({
        base,
        text: leaves.text,
        starts: new Uint32Array(leaves.starts),
        pattern: new Uint16Array(leaves.pattern),
        item: new Int32Array(leaves.item),
        patterns: leaves.patterns.map(({ path, origin }) => ({ path, origin })),
        origins,
        source,
      });
      length += leaves.text.length + 1;
      return origins;
    },
    eachLeaf(origin, since, visit) {
      for (let i = since; i < all.length; i += 1) visitLeaves(all[i] as Kept, origin, visit);
      return all.length;
    },
    spotAt(position) {
      const seen = lastAtMost(bases, position);
      return spotIn(all[seen] as Kept, seen, position); // positions come from keep()
    },
    all: () => all,
    get length() {
      return length;
    },
    get observations() {
      return all.length;
    },
  };
}

function visitLeaves(kept: Kept, origin: Origin, visit: LeafVisitor): void {
  if (!kept.origins.has(origin)) return;
  const { text, starts, base, pattern, patterns } = kept;
  for (let i = 0; i < starts.length; i += 1) {
    if (patterns[pattern[i] as number]?.origin !== origin) continue; // within bounds
    const next = starts[i + 1];
    visit(text, starts[i] as number, next === undefined ? text.length : next - 1, base); // within bounds
  }
}

function spotIn(kept: Kept, seen: number, position: number): Spot {
  const { base, text, starts, patterns, source } = kept;
  const offset = position - base;
  const leaf = lastAtMost(starts, offset);
  const next = starts[leaf + 1];
  const { path, origin } = patterns[kept.pattern[leaf] as number] as LeafPattern; // within bounds
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
      path: pathOf(path, kept.item[leaf] ?? -1),
    }),
  };
}

/** The origins that a value's texts have. */
function originsOf({ patterns, pattern }: Leaves): ReadonlySet<Origin> {
  const used = new Uint8Array(patterns.length);
  for (let i = 0; i < pattern.length; i += 1) used[pattern[i] as number] = 1; // within bounds
  return new Set(patterns.filter((_one, i) => used[i] === 1).map(({ origin }) => origin));
}

/** The first list position is known, later ones are not. */
function pathOf(pattern: string, item: number): string {
  return item === -1 ? pattern : pattern.replace('[]', `[${item}]`);
}

/** Index of the last number that is not above the limit, in ascending order; the first is not. */
export function lastAtMost(numbers: ArrayLike<number>, limit: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((numbers[middle] as number) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
