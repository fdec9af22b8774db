/** Positions by hash, in two flat arrays. Several positions may share a hash, the earliest come first. */
export interface HashTable {
  /** Keeps a position; false when as many as allowed have this hash already. */
  add(hash: number, position: number, most: number): boolean;
  /** The positions with this hash, in the order in which they were added. */
  find(hash: number): readonly number[];
  readonly size: number;
  readonly bytes: number;
  /** How often a slot was looked at, for tests of what adversarial text costs. */
  readonly steps: number;
}

const FULLEST = 0.8;
const GROWTH = 1.5;
const WHOLE = 2 ** 32;
const NONE: readonly number[] = Object.freeze([]);

export function createHashTable(): HashTable {
  let capacity = 256;
  let hashes = new Uint32Array(capacity);
  let positions = new Uint32Array(capacity);
  let size = 0;
  let steps = 0;

  const home = (hash: number): number => Math.floor((hash * capacity) / WHOLE);

  function grow(): void {
    const [oldHashes, oldPositions] = [hashes, positions];
    capacity = Math.ceil(capacity * GROWTH);
    hashes = new Uint32Array(capacity);
    positions = new Uint32Array(capacity);
    // From an empty slot on, so that positions of one hash keep their order.
    const start = oldHashes.indexOf(0);
    for (let n = 0; n < oldHashes.length; n += 1) {
      const i = (start + n) % oldHashes.length;
      const hash = oldHashes[i] as number; // within bounds
      if (hash === 0) continue;
      let slot = home(hash);
      while (hashes[slot] !== 0) slot = slot + 1 === capacity ? 0 : slot + 1;
      hashes[slot] = hash;
      positions[slot] = oldPositions[i] as number; // within bounds
    }
  }

  return {
    add(given, position, most) {
      const hash = given === 0 ? 1 : given;
      let same = 0;
      let slot = home(hash);
      for (let found = hashes[slot]; found !== 0; found = hashes[slot]) {
        steps += 1;
        if (found === hash && ++same >= most) return false;
        slot = slot + 1 === capacity ? 0 : slot + 1;
      }
      steps += 1;
      hashes[slot] = hash;
      positions[slot] = position;
      size += 1;
      if (size > capacity * FULLEST) grow();
      return true;
    },
    find(given) {
      const hash = given === 0 ? 1 : given;
      let all: number[] | undefined;
      let slot = home(hash);
      for (let found = hashes[slot]; found !== 0; found = hashes[slot]) {
        steps += 1;
        if (found === hash) (all ??= []).push(positions[slot] as number); // within bounds
        slot = slot + 1 === capacity ? 0 : slot + 1;
      }
      return all ?? NONE;
    },
    get size() {
      return size;
    },
    get bytes() {
      return capacity * 8;
    },
    get steps() {
      return steps;
    },
  };
}
