import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compactRange } from './compact-range.ts';
import { leafHash } from './hashing.ts';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  rootFromInclusion,
  treeRoot,
} from './proofs.ts';

// The leaves and roots that the implementations of Certificate Transparency are tested with.
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const leaves = LEAVES.map((hex) => leafHash(Buffer.from(hex, 'hex')));

const manyLeaves = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => leafHash(Buffer.from(String(i))));
const sizes = fc.integer({ min: 1, max: 70 });

describe('the tree', () => {
  it('has the roots that Certificate Transparency publishes', () => {
    const tree = compactRange();
    expect(tree.root().toString('hex')).toBe(EMPTY);
    for (const [i, leaf] of leaves.entries()) {
      tree.append(leaf);
      expect(tree.root().toString('hex')).toBe(ROOTS[i]);
      expect(treeRoot(leaves.slice(0, i + 1)).toString('hex')).toBe(ROOTS[i]);
    }
  });

  it('goes on from its peaks as if it had never been put away', () => {
    fc.assert(
      fc.property(sizes, sizes, (before, after) => {
        const all = manyLeaves(before + after);
        const first = compactRange();
        for (const leaf of all.slice(0, before)) first.append(leaf);
        const second = compactRange(first.size, first.peaks);
        for (const leaf of all.slice(before)) second.append(leaf);
        expect(second.root()).toEqual(treeRoot(all));
      }),
    );
  });

  it('refuses peaks that do not belong to its size', () => {
    expect(() => compactRange(3, manyLeaves(1))).toThrow(RangeError);
  });
});

describe('an inclusion proof', () => {
  it('leads to the root for every leaf, and for no other leaf, place or size', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, pick) => {
        const all = manyLeaves(size);
        const index = pick % size;
        const proof = inclusionProof(index, all);
        const leaf = all[index] as Buffer; // index < size
        const root = treeRoot(all);
        expect(rootFromInclusion({ leaf, index, size, proof })).toEqual(root);
        const other = leafHash(Buffer.from('forged'));
        expect(rootFromInclusion({ leaf: other, index, size, proof })).not.toEqual(root);
        if (size === 1) return;
        expect(rootFromInclusion({ leaf, index: (index + 1) % size, size, proof })).not.toEqual(
          root,
        );
        expect(rootFromInclusion({ leaf, index, size, proof: proof.slice(1) })).not.toEqual(root);
        expect(rootFromInclusion({ leaf, index, size, proof: [...proof, root] })).not.toEqual(root);
      }),
    );
  });

  it.each([
    [-1, 1],
    [1, 1],
    [0, 0],
    [0.5, 2],
    [Number.NaN, 2],
  ])('of place %s in a tree of %s is none', (index, size) => {
    const [leaf = Buffer.alloc(32)] = leaves;
    expect(rootFromInclusion({ leaf, index, size, proof: [] })).toBeUndefined();
  });
});

describe('a consistency proof', () => {
  it('shows growth, and shows nothing for a tree that was changed', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, pick) => {
        const all = manyLeaves(size);
        const from = (pick % size) + 1;
        const small = { size: from, root: treeRoot(all.slice(0, from)) };
        const large = { size, root: treeRoot(all) };
        const proof = consistencyProof(from, all);
        expect(isConsistent({ from: small, to: large, proof })).toBe(true);
        const changed = all.with(pick % from, leafHash(Buffer.from('forged')));
        const forged = { size: from, root: treeRoot(changed.slice(0, from)) };
        expect(isConsistent({ from: forged, to: large, proof })).toBe(false);
        expect(
          isConsistent({ from: forged, to: large, proof: consistencyProof(from, changed) }),
        ).toBe(false);
        expect(isConsistent({ from: large, to: small, proof })).toBe(from === size);
      }),
    );
  });
});
