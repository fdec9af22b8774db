import { isDeepStrictEqual } from 'node:util';

import { canonical } from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readValue, writeValue } from './value-text.ts';

const text = fc.string({ unit: 'binary' });
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.double(),
  fc.constantFrom(null, undefined, true, -0, NaN, Infinity, '$', 'a\ud800', 'a\0'),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.webUrl().map((href) => new URL(href)),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array().map((bytes) => Uint8Array.from(bytes).buffer),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.int16Array().map((numbers) => numbers.subarray(1)),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(text, fc.constantFrom('$', 'v', '__proto__', 'constructor')),
      tie('value'),
      {
        maxKeys: 4,
      },
    ),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
}));

describe('a value as a text', () => {
  it('is read as what was written, by everything that a digest tells apart', () => {
    fc.assert(
      fc.property(value, (given) => {
        const read = readValue(writeValue(given));
        expect(canonical(read)).toBe(canonical(given));
        expect(isDeepStrictEqual(read, given)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read as what is frozen, with or without a prototype as it was', () => {
    const bare = Object.assign(Object.create(null) as object, { voter: 'ann' });
    const read = readValue(writeValue({ bare, list: [{}] })) as { bare: object; list: object[] };
    expect(Object.getPrototypeOf(read.bare)).toBe(null);
    expect([read, read.bare, read.list, read.list[0]].every(Object.isFrozen)).toBe(true);
  });

  it('keeps no name from becoming a prototype', () => {
    const read = readValue(writeValue(JSON.parse('{"__proto__":{"admin":true}}'))) as object;
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect('admin' in read).toBe(false);
  });

  it.each([[() => 1], [Symbol('s')], [new Error('odd')], [new DataView(new ArrayBuffer(1))]])(
    'is refused where it is none: %s',
    (odd) => {
      expect(() => writeValue({ odd })).toThrow(TypeError);
    },
  );
});
