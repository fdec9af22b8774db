import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from './digest.ts';

describe('a digest', () => {
  it('is the SHA-256 of kind and canonical text, which anybody can compute', () => {
    const expected = createHash('sha256')
      .update('guardstile/args/v1\n{"a":1,"b":"é"}')
      .digest('hex');
    expect(digest('args', { b: 'é', a: 1 })).toBe(`sha256:${expected}`);
  });

  it('is the same for the same value and another one for every other value or kind', () => {
    const kind = fc.oneof(
      fc.constantFrom('args', 'policy', 'args/v1\n"a"', 'args/v1'),
      fc.string(),
    );
    const value = fc.oneof(
      fc.string(),
      fc.jsonValue().map((v: unknown) => v),
    );
    fc.assert(
      fc.property(kind, value, kind, value, (kindA, a, kindB, b) => {
        const same = kindA === kindB && JSON.stringify(a) === JSON.stringify(b);
        if (same) expect(digest(kindA, a)).toBe(digest(kindB, b));
        if (kindA !== kindB) expect(digest(kindA, a)).not.toBe(digest(kindB, b));
      }),
    );
  });

  it('cannot be imitated by a kind that holds another kind and a value', () => {
    // The text is split at its last line break, which no canonical value holds.
    expect(digest('a', 'b')).not.toBe(digest('a/v1\n"b"', ''));
    expect(digest('a/v1\n"x"', 'y')).not.toBe(digest('a', 'x"/v1\n"y'));
  });
});
