/** Positions by hash, in two flat arrays. Several positions may share a hash, the earliest come first. */
export interface HashTable {
  /** Keeps a position; false when as many as allowed have this hash already. */
  add(hash: number, position: number, most: number): boolean;
  /** Makes room for this many more at once. */
  reserve(more: number): void;
  /** Shows the positions with this hash, in the order in which they were added, until one is it. */
  find(hash: number, visit: (position: number) => boolean): boolean;
  readonly size: number;
  readonly bytes: number;
  /** How often a slot was looked at, for tests of what adversarial text costs. */
  readonly steps: number;
}

// Linear probing: fuller tables are searched much longer.
const FULLEST = 0.6;
const GROWTH = 2;
const PART_OF_ALL = 2 ** -32;

export function createHashTable(): HashTable {
  let capacity = 256;
  let hashes = new Uint32Array(capacity);
  let positions = new Uint32Array(capacity);
  let size = 0;
  let steps = 0;

  function resize(next: number): void {
    const [oldHashes, oldPositions] = [hashes, positions];
    capacity = next;
    hashes = new Uint32Array(next);
    positions = new Uint32Array(next);
    // From an empty slot on, so that positions of one hash keep their order.
    const start = oldHashes.indexOf(0);
    move(oldHashes, oldPositions, start, oldHashes.length);
    move(oldHashes, oldPositions, 0, start);
  }

  function move(oldHashes: Uint32Array, old: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i += 1) {
      const hash = oldHashes[i] as number; // within bounds
      if (hash === 0) continue;
      let slot = (hash * PART_OF_ALL * capacity) >>> 0;
      while (hashes[slot] !== 0) slot = slot + 1 === capacity ? 0 : slot + 1;
      hashes[slot] = hash;
      positions[slot] = old[i] as number; // within bounds
    }
  }

  return {
    add(given, position, most) {
      const hash = given === 0 ? 1 : given;
      let same = 0;
      let slot = (hash * PART_OF_ALL * capacity) >>> 0;
      let looked = 1;
      for (let found = hashes[slot]; found !== 0; found = hashes[slot]) {
        looked += 1;
        if (found === hash && ++same >= most) {
          steps += looked;
          return false;
        }
        slot = slot + 1 === capacity ? 0 : slot + 1;
      }
      steps += looked;
      hashes[slot] = hash;
      positions[slot] = position;
      size += 1;
      if (size > capacity * FULLEST) resize(Math.ceil(capacity * GROWTH));
      return true;
    },
    reserve(more) {
      const needed = Math.ceil((size + more) / FULLEST);
      if (needed > capacity) resize(needed);
    },
    find(given, visit) {
      const hash = given === 0 ? 1 : given;
      let slot = (hash * PART_OF_ALL * capacity) >>> 0;
      for (let found = hashes[slot]; found !== 0; found = hashes[slot]) {
        steps += 1;
        if (found === hash && visit(positions[slot] as number)) return true; // within bounds
        slot = slot + 1 === capacity ? 0 : slot + 1;
      }
      return false;
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
