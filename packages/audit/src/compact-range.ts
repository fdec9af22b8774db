import { nodeHash, sha256 } from './hashing.ts';

/**
 * The Merkle tree of RFC 6962 over a growing log, as little of it as appending needs: the roots of
 * its complete subtrees, largest first. 32 bytes each, at most 64 of them.
 */
export interface CompactRange {
  readonly size: number;
  readonly peaks: readonly Buffer[];
  append(leaf: Buffer): void;
  /** The tree's root, 32 bytes. */
  root(): Buffer;
}

/** Continues a tree of `size` leaves; empty when nothing is passed. */
export function compactRange(size = 0, peaks: readonly Buffer[] = []): CompactRange {
  const stack = [...peaks];
  let count = size;
  if (stack.length !== peaksOf(count)) throw new RangeError('as many peaks as ones in the size');
  return {
    get size() {
      return count;
    },
    get peaks() {
      return [...stack];
    },
    append(leaf) {
      let node = leaf;
      // Every complete subtree of the same size becomes one of twice the size.
      for (let rest = count; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        node = nodeHash(stack.pop() ?? node, node);
      }
      stack.push(node);
      count += 1;
    },
    root: () => rootOf(stack),
  };
}

function rootOf(peaks: readonly Buffer[]): Buffer {
  const [last, ...rest] = peaks.toReversed();
  if (last === undefined) return sha256(Buffer.alloc(0));
  let root = last;
  for (const peak of rest) root = nodeHash(peak, root);
  return root;
}

/** How many complete subtrees a tree of this size has: as many as its size has ones. */
export function peaksOf(count: number): number {
  let ones = 0;
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
