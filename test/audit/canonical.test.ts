import { canonical } from '@guardstile/core';
import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('the canonical form', () => {
  it('is that of RFC 8785 as somebody else wrote it, for whatever JSON can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        // JSON knows no negative zero; the form of ours that has one is no JSON.
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(canonical(plain)).toBe(canonicalize(plain));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [{ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }],
    [
      [
        Number('333333333.33333329'),
        1e30,
        4.5,
        2e-3,
        1e-27,
        1e21,
        1e-7,
        Number('123456789012345680000'),
      ],
    ],
    ['\u20ac$\u000f\nA\'B"\\\\"/'],
  ])('is that of its examples: %j', (value) => {
    expect(canonical(value)).toBe(canonicalize(value));
  });
});
