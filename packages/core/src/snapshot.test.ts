import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { GuardError, type GuardErrorCode } from './errors.ts';
import { SNAPSHOT_LIMITS, snapshot, thaw } from './snapshot.ts';

function codeOf(run: () => unknown): GuardErrorCode | 'nothing was thrown' {
  try {
    run();
  } catch (error) {
    if (error instanceof GuardError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

/** A list with nothing in it but holes. */
const holes = (length: number): unknown[] => Object.assign([], { length });

const refused = (value: unknown): string => codeOf(() => snapshot(value));

const plain = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: true,
  withSparseArray: true,
  key: fc.string().filter((key) => key !== '__proto__' && key !== 'constructor'),
});

describe('a snapshot', () => {
  it('is an equal copy of plain data, whatever it holds', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const taken = snapshot(value).value;
        // Holes become undefined, which toEqual takes for the same.
        expect(taken).toEqual(value);
        if (typeof value === 'object' && value !== null) expect(taken).not.toBe(value);
      }),
    );
  });

  it('keeps the kind of every value', () => {
    const value = {
      none: undefined,
      nothing: null,
      big: 12345678901234567890n,
      nan: Number.NaN,
      minusZero: -0,
      date: new Date(5),
      invalidDate: new Date(Number.NaN),
      url: new URL('https://example.com/a?b=c'),
      map: new Map<unknown, unknown>([[{ deep: [1] }, new Set(['x'])]]),
      bytes: new Uint8Array([1, 2, 3]),
      floats: new Float64Array([0.5]),
      bigs: new BigInt64Array([5n]),
      buffer: Buffer.from('secret'),
      raw: new Uint8Array([9, 8]).buffer,
      bare: Object.assign(Object.create(null) as object, { toString: 'text' }),
    };
    const taken = snapshot(value).value as typeof value;
    expect(taken).toStrictEqual(value);
    expect(Object.is(taken.minusZero, -0)).toBe(true);
    expect(Buffer.isBuffer(taken.buffer)).toBe(true);
    expect(taken.buffer.toString('utf8')).toBe('secret');
    expect(Object.getPrototypeOf(taken.bare)).toBeNull();
    expect(Object.hasOwn(taken, 'none')).toBe(true);
  });

  it('says whether freezing protects all of it', () => {
    expect(snapshot({ a: [1, { b: 'c' }] }).thawed).toBe(false);
    for (const value of [new Date(), new Map(), new Set(), new URL('a:b'), new Uint8Array()]) {
      expect(snapshot({ a: [value] }).thawed).toBe(true);
    }
  });

  it('is frozen all the way down', () => {
    const isFrozen = (value: unknown): boolean => {
      if (typeof value !== 'object' || value === null) return true;
      if (value instanceof Map || value instanceof Set || value instanceof Date) return true;
      if (ArrayBuffer.isView(value)) return true;
      return Object.isFrozen(value) && Object.values(value).every(isFrozen);
    };
    fc.assert(fc.property(plain, (value) => isFrozen(snapshot(value).value)));
  });

  it('cannot be changed through what it was taken from', () => {
    const inner = { list: ['a'], map: new Map([['k', { deep: 1 }]]), date: new Date(1) };
    const value = { inner, bytes: Buffer.from('abc'), url: new URL('https://example.com/') };
    const taken = snapshot(value).value;
    inner.list.push('b');
    const entry = inner.map.get('k');
    if (entry !== undefined) entry.deep = 2;
    inner.map.set('new', { deep: 3 });
    inner.date.setTime(2);
    value.bytes.fill(0);
    value.url.pathname = '/changed';
    expect(taken).toStrictEqual({
      inner: { list: ['a'], map: new Map([['k', { deep: 1 }]]), date: new Date(1) },
      bytes: Buffer.from('abc'),
      url: new URL('https://example.com/'),
    });
  });

  it('shares no memory with a buffer, also not through the pool that small buffers share', () => {
    const taken = snapshot(Buffer.from('pooled')).value as Buffer;
    expect(taken.buffer.byteLength).toBe(taken.byteLength);
  });

  it('does not let a typed array choose what it is copied into', () => {
    const trap = new Uint8Array(3);
    const hostile = new Uint8Array([1, 2, 3]);
    Object.defineProperty(hostile, 'constructor', {
      value: Object.defineProperty({}, Symbol.species, {
        value: function () {
          return trap;
        },
      }),
    });
    const taken = snapshot(hostile).value;
    expect(taken).not.toBe(trap);
    expect(taken).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('reads values through the language, never through methods of their own', () => {
    const date = Object.assign(new Date(7), { getTime: () => 9 });
    const url = Object.assign(new URL('https://real.example/'), {
      toString: () => 'https://fake.example/',
    });
    const raw = Object.assign(new Uint8Array([1]).buffer, { slice: () => 'something else' });
    const taken = snapshot({ date, url, raw }).value as { date: Date; url: URL; raw: ArrayBuffer };
    expect(taken.date.getTime()).toBe(7);
    expect(taken.url.href).toBe('https://real.example/');
    expect(new Uint8Array(taken.raw)).toEqual(new Uint8Array([1]));
  });
});

describe('a snapshot refuses', () => {
  it.each<[string, () => unknown]>([
    [
      'a getter',
      () => ({
        get a() {
          return 1;
        },
      }),
    ],
    ['a setter', () => ({ set a(_: unknown) {} })],
    [
      'a getter that throws',
      () => ({
        get a() {
          throw new Error('read');
        },
      }),
    ],
    ['a hidden getter', () => Object.defineProperty({}, 'a', { get: () => 1, enumerable: false })],
    ['a getter in an array', () => Object.defineProperty([1, 2], 1, { get: () => 1 })],
    ['a setter in an array', (): unknown => Object.defineProperty([1], 0, { set() {} })],
    [
      'a getter deep inside',
      () => ({
        a: [
          {
            get b() {
              return 1;
            },
          },
        ],
      }),
    ],
    ['an own __proto__', () => JSON.parse('{"a":{"__proto__":{"admin":true}}}') as unknown],
    ['an own __proto__ that is plain text', () => JSON.parse('{"__proto__":"x"}') as unknown],
    [
      'constructor.prototype',
      () => JSON.parse('{"constructor":{"prototype":{"admin":true}}}') as unknown,
    ],
    ['a symbol as a key', () => ({ [Symbol('hidden')]: 1 })],
    ['a symbol as a value', () => ({ a: Symbol('value') })],
    ['a function', () => ({ toJSON: () => 'something else' })],
    [
      'a class instance',
      () =>
        new (class Account {
          id = 1;
        })(),
    ],
    ['an instance of a class over Array', () => new (class List extends Array {})()],
    ['an instance of a class over Uint8Array', () => new (class Bytes extends Uint8Array {})(1)],
    ['an instance of a class over Map', () => new (class Table extends Map {})()],
    ['an error', () => new Error('no')],
    ['a promise', () => Promise.resolve(1)],
    ['a regular expression', () => /x/],
    ['a boxed string', () => Object('text') as unknown],
    ['a WeakMap', () => new WeakMap()],
    ['a DataView', () => new DataView(new ArrayBuffer(1))],
    ['shared memory', () => new SharedArrayBuffer(1)],
    ['what pretends to be a Map', () => Object.create(Map.prototype) as unknown],
    ['what pretends to be a Date', () => Object.create(Date.prototype) as unknown],
    ['what pretends to be a URL', () => Object.create(URL.prototype) as unknown],
    ['what pretends to be bytes', () => Object.create(Uint8Array.prototype) as unknown],
    [
      'a revoked Proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    [
      'a Proxy that throws',
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('trap');
            },
          },
        ),
    ],
    ['a Proxy around a Map', () => new Proxy(new Map(), {})],
    [
      'a Proxy that turns values into getters',
      () =>
        new Proxy(
          { a: 1 },
          {
            getOwnPropertyDescriptor: () => ({
              get: () => 1,
              configurable: true,
              enumerable: true,
            }),
          },
        ),
    ],
  ])('%s', (_name, make) => {
    expect(refused({ argument: make() })).toBe('args_unsupported');
    expect(refused(make())).toBe('args_unsupported');
  });

  it('a cycle, through whatever it runs', () => {
    const object: Record<string, unknown> = {};
    object['self'] = { deeper: [object] };
    const list: unknown[] = [];
    list.push(list);
    const map = new Map<unknown, unknown>();
    map.set('map', map);
    const byKey = new Map<unknown, unknown>();
    byKey.set(byKey, 1);
    const set = new Set<unknown>();
    set.add({ set });
    for (const value of [object, list, map, byKey, set])
      expect(refused(value)).toBe('args_unsupported');
  });

  it('10,000 levels of nesting, in objects, arrays and maps', () => {
    let [object, list, map]: [unknown, unknown, unknown] = [1, 1, 1];
    for (let i = 0; i < 10_000; i += 1)
      [object, list, map] = [{ a: object }, [list], new Map([['a', map]])];
    for (const value of [object, list, map]) expect(refused(value)).toBe('args_unsupported');
  });

  it('nesting that exhausts the stack where the limit allows it', () => {
    let value: unknown = 1;
    for (let i = 0; i < 1_000_000; i += 1) value = [value];
    const limits = { depth: Infinity, size: Infinity };
    expect(codeOf(() => snapshot(value, limits))).toBe('args_unsupported');
  });

  it('a key that it names without repeating ten million characters', () => {
    const message = ((): string => {
      try {
        snapshot({ ['k'.repeat(10_000_000)]: () => 1 });
      } catch (error) {
        return String(error);
      }
      return '';
    })();
    expect(message).toContain('kkk');
    expect(message.length).toBeLessThan(1000);
  });
});

describe('a snapshot accepts', () => {
  it('a constructor that reaches no prototype', () => {
    const value = { constructor: 'Acme Building Ltd', nested: { constructor: { name: 'x' } } };
    expect(snapshot(value).value).toEqual(value);
  });

  it('a Proxy that behaves, as a copy that no longer goes through it', () => {
    const target = { a: 1 };
    const taken = snapshot(new Proxy(target, {})).value;
    target.a = 2;
    expect(taken).toEqual({ a: 1 });
  });

  it('depth up to the limit and not one level more', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 'x';
      for (let i = 0; i < levels; i += 1) value = [value];
      return value;
    };
    expect(refused(nested(SNAPSHOT_LIMITS.depth))).toBe('nothing was thrown');
    expect(refused(nested(SNAPSHOT_LIMITS.depth + 1))).toBe('args_unsupported');
  });

  it('a text of 10 MB below the limit, and refuses it above', () => {
    const text = 'x'.repeat(10_000_000);
    expect((snapshot({ text }).value as { text: string }).text).toBe(text);
    expect(codeOf(() => snapshot({ text }, { ...SNAPSHOT_LIMITS, size: 9_000_000 }))).toBe(
      'args_too_large',
    );
  });
});

describe('the size limit', () => {
  const limits = { depth: 200, size: 10_000 };
  const tooLarge = (value: unknown): string => codeOf(() => snapshot(value, limits));

  it.each<[string, () => unknown]>([
    ['long texts', () => 'x'.repeat(10_000)],
    ['long keys', () => ({ ['x'.repeat(10_000)]: 1 })],
    [
      'many keys with numbers',
      () => Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i])),
    ],
    ['many numbers', () => Array.from({ length: 2000 }, (_, i) => i)],
    ['many booleans in a map', () => new Map(Array.from({ length: 2000 }, (_, i) => [i, true]))],
    ['many items of a set', () => new Set(Array.from({ length: 2000 }, (_, i) => i))],
    ['large bytes', () => new Uint8Array(10_001)],
    ['a large raw buffer', () => new ArrayBuffer(10_001)],
    ['a long URL', () => new URL(`https://example.com/${'x'.repeat(10_000)}`)],
    ['a large bigint', () => 1n << 50_000n],
  ])('counts %s', (_name, make) => {
    expect(tooLarge(make())).toBe('args_too_large');
    expect(tooLarge({ a: [make()] })).toBe('args_too_large');
  });

  it('refuses a huge sparse array without visiting its holes', () => {
    expect(refused(holes(1e9))).toBe('args_too_large');
    expect(refused({ a: holes(4_294_967_295) })).toBe('args_too_large');
  });

  it.each([Number.NaN, -1, -1e15, Infinity, 1e12, 'many', undefined, { valueOf: () => -5 }])(
    'is not switched off by a Proxy that claims the length %s',
    (length) => {
      const liar = new Proxy<unknown[]>([], {
        get: (target, key): unknown => (key === 'length' ? length : Reflect.get(target, key)),
      });
      expect(tooLarge([liar, 'x'.repeat(10_000)])).toBe('args_too_large');
    },
  );

  it('refuses what unfolds: 60 levels of an object that refers to itself twice', () => {
    let value: unknown = 'ha';
    for (let i = 0; i < 60; i += 1) value = i % 2 === 0 ? [value, value] : { a: value, b: value };
    expect(refused(value)).toBe('args_too_large');
    let map: unknown = 'ha';
    for (let i = 0; i < 60; i += 1) map = new Map([[map, map]]);
    expect(refused(map)).toBe('args_too_large');
  });

  it('refuses everything when it is not a number', () => {
    expect(codeOf(() => snapshot('x', { depth: 200, size: Number.NaN }))).toBe('args_too_large');
    expect(codeOf(() => snapshot([], { depth: Number.NaN, size: 100 }))).toBe('args_unsupported');
  });
});

describe('with a polluted prototype, a snapshot', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    delete prototype['polluted'];
  });

  it('keeps a field whose name has a setter on Object.prototype', () => {
    const seen: unknown[] = [];
    Object.defineProperty(prototype, 'polluted', {
      set: (value: unknown) => {
        seen.push(value);
      },
      configurable: true,
    });
    const value = JSON.parse('{"polluted":"mine"}') as unknown;
    const taken = snapshot(value).value;
    expect(Object.getOwnPropertyDescriptor(taken, 'polluted')?.value).toBe('mine');
    expect(seen).toEqual([]);
  });

  it('keeps a field whose name is read-only on Object.prototype', () => {
    Object.defineProperty(prototype, 'polluted', { value: 1, writable: false, configurable: true });
    const taken = snapshot(JSON.parse('{"polluted":"mine"}')).value;
    expect(Object.getOwnPropertyDescriptor(taken, 'polluted')?.value).toBe('mine');
  });

  it('still refuses what cannot be seen, however many names are inherited', () => {
    const symbol = { [Symbol('hidden')]: { deep: 1 } };
    const hidden = Object.defineProperty({}, 'hidden', { value: 1, enumerable: false });
    const accessor = Object.defineProperty({}, 'hidden', { get: () => 1, enumerable: false });
    Object.defineProperty(prototype, 'polluted', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    const codes = [symbol, hidden, accessor, { a: [symbol] }].map(refused);
    delete prototype['polluted'];
    expect(codes).toEqual(codes.map(() => 'args_unsupported'));
  });

  it('takes over nothing that is inherited', () => {
    Object.defineProperty(prototype, 'polluted', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    expect(Object.keys(snapshot({ a: 1 }).value as object)).toEqual(['a']);
  });
});

describe('thaw', () => {
  it('gives a copy that is equal and not frozen', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const taken = snapshot(value).value;
        const thawed = thaw(taken);
        expect(thawed).toStrictEqual(taken);
        if (typeof thawed !== 'object' || thawed === null) return;
        expect(thawed).not.toBe(taken);
        expect(Object.isExtensible(thawed)).toBe(true);
      }),
    );
  });

  it('lets changes of one copy reach no other', () => {
    const taken = snapshot({
      map: new Map([['a', [1]]]),
      bytes: Buffer.from('abc'),
      date: new Date(1),
    }).value;
    const one = thaw(taken) as { map: Map<string, number[]>; bytes: Buffer; date: Date };
    one.map.get('a')?.push(2);
    one.map.clear();
    one.bytes.fill(0);
    one.date.setTime(2);
    expect(thaw(taken)).toStrictEqual({
      map: new Map([['a', [1]]]),
      bytes: Buffer.from('abc'),
      date: new Date(1),
    });
  });
});
