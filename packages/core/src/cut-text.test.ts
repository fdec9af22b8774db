import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText } from './cut-text.ts';

describe('cutText', () => {
  it('gives the beginning, whole where there is no more', () => {
    expect(cutText('abc', 2)).toBe('ab');
    expect(cutText('abc', 3)).toBe('abc');
    expect(cutText('abc', 0)).toBe('');
    expect(cutText('abc', Infinity)).toBe('abc');
  });

  it('never halves a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
        fc.nat(10),
        (text, length) => {
          const cut = cutText(text, length);
          expect(text.startsWith(cut)).toBe(true);
          expect(cut.isWellFormed()).toBe(true);
          expect(cut.length).toBeLessThanOrEqual(length);
          expect(cut.length).toBeGreaterThanOrEqual(Math.min(length, text.length) - 1);
        },
      ),
    );
  });
});
