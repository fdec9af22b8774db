import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from './canonical.ts';
import { snapshot } from './snapshot.ts';

/** Keys and texts of all kinds: RFC 8785 sorts by UTF-16 code units, which differs from code points. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '',
    'a',
    'b',
    '\u20ac',
    '\r',
    '\ufb33',
    '1',
    '\u{1f600}',
    '\u0080',
    '\u00f6',
    '\ue000',
  ),
);

const json = fc.letrec<{ value: unknown; list: unknown; record: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('record'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
  record: fc.dictionary(text, tie('value'), { maxKeys: 6, noNullPrototype: false }),
})).value;

/** Everything that a snapshot may hold, alone and nested. */
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: false,
  maxDepth: 3,
  key: text.filter((key) => key !== '__proto__' && key !== 'constructor'),
});

describe('the canonical text', () => {
  it('is that of RFC 8785 for JSON values', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonical(value)).toBe(canonicalize(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('is that of RFC 8785 for the examples of the RFC', () => {
    const value: unknown = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(canonical(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('does not depend on the order of keys, and survives a way through JSON', () => {
    fc.assert(
      fc.property(json, (value) => {
        const reversed: unknown = JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
          typeof part === 'object' && part !== null && !Array.isArray(part)
            ? Object.fromEntries(Object.entries(part).reverse())
            : part,
        );
        expect(canonical(reversed)).toBe(canonical(value));
      }),
    );
  });

  it('tells all values apart that a snapshot tells apart', () => {
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        const [left, right] = [snapshot(a).value, snapshot(b).value];
        const same = canonical(left) === canonical(right);
        const equal = isSame(left, right);
        expect(same).toBe(equal);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives values that are alike, and of another kind, texts of their own', () => {
    const values: readonly unknown[] = [
      undefined,
      null,
      'null',
      'undefined',
      '@undefined',
      true,
      'true',
      0,
      -0,
      '0',
      '-0',
      0n,
      '0n',
      1,
      1n,
      '1',
      [1],
      ['1'],
      [[1]],
      { 0: 1 },
      new Set([1]),
      new Set(['1']),
      new Map([[1, 1]]),
      [1, 1],
      [[1, 1]],
      new Map<unknown, unknown>([['a', ['b', 'c']]]),
      new Map([
        ['a', 'b'],
        ['c', 'd'],
      ]),
      ['a', 'b', 'c', 'd'],
      Number.NaN,
      'NaN',
      '@number(NaN)',
      null,
      Infinity,
      -Infinity,
      new Date(0),
      new Date(Number.NaN),
      '@date(0)',
      '1970-01-01T00:00:00.000Z',
      new URL('https://a.b/'),
      'https://a.b/',
      '@url("https://a.b/")',
      new Uint8Array([1]),
      new Int8Array([1]),
      Buffer.from([1]),
      new Uint8Array([1]).buffer,
      '@uint8array(01)',
      '01',
      new Uint16Array([1]),
      new Uint8Array([1, 0]),
      {},
      [],
      new Set(),
      new Map(),
      new Uint8Array(),
      '',
      { '': '' },
      { a: undefined },
      { a: null },
      { a: '@undefined' },
      [undefined],
      [null],
      [[]],
      [{}],
      10n,
      16n,
      0x10n,
      -16n,
      '10',
      '\ud800',
      '\ufffd',
      '\\ud800',
      1e21,
      10n ** 21n,
    ];
    const distinct = values.filter(
      (one, i) => !values.slice(0, i).some((other) => isSame(one, other)),
    );
    expect(new Set(distinct.map(canonical)).size).toBe(distinct.length);
  });

  it('writes every character as JSON does, in short texts and names, and in long ones', () => {
    const padding = 'x'.repeat(100);
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      const quoted = JSON.stringify(character);
      if (canonical(character) !== quoted) expect(canonical(character)).toBe(quoted);
      const long = canonical(padding + character);
      if (long !== `"${padding}${quoted.slice(1)}`)
        expect(long).toBe(`"${padding}${quoted.slice(1)}`);
    }
    expect(canonical({ ['"\n\ud800']: 1, '🦊': 2 })).toBe('{"\\"\\n\\ud800":1,"🦊":2}');
    expect(canonical({ [`${padding}"`]: 1 })).toBe(`{"${padding}\\"":1}`);
  });

  it('never holds a token where JSON has a text', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(canonical(value).startsWith('"')).toBe(true);
        expect(canonical({ [value]: 1 }).startsWith('{"')).toBe(true);
      }),
    );
  });

  it('keeps __proto__ as a key like any other', () => {
    expect(canonical(JSON.parse('{"__proto__":{"a":1},"z":2}'))).toBe(
      '{"__proto__":{"a":1},"z":2}',
    );
  });

  it('of a huge bigint is written without turning it into decimal', () => {
    expect(canonical(1n << 4_000_000n)).toHaveLength('@bigint()'.length + 1_000_001);
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    [
      'a class instance',
      new (class Point {
        x = 1;
      })(),
    ],
    ['an error', new Error('x')],
    ['a boxed number', Object(5)],
    ['a promise', Promise.resolve()],
  ])('refuses %s', (_name, value) => {
    expect(() => canonical(value)).toThrow(TypeError);
    expect(() => canonical({ a: [value] })).toThrow(TypeError);
  });
});

/** Whether two values are the same of the same kind; written without a text form. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof URL) return a.href === (b as URL).href;
  if (a instanceof ArrayBuffer) return isSame(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  if (ArrayBuffer.isView(a)) return Buffer.from(bytesOf(a)).equals(bytesOf(b as ArrayBufferView));
  if (a instanceof Map || a instanceof Set) return isSame([...a], [...(b as Set<unknown>)]);
  const [keys, others] = [Object.keys(a).sort(), Object.keys(b).sort()];
  return (
    (!Array.isArray(a) || a.length === (b as unknown[]).length) &&
    keys.length === others.length &&
    keys.every((key, i) => key === others[i]) &&
    keys.every((key) =>
      isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
