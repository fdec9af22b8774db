import { describe, expect, it } from 'vitest';
import { mapTexts } from './map-texts.ts';

const upper = { text: (text: string): string => text.toUpperCase() };

describe('mapTexts', () => {
  it('changes every text and nothing else', () => {
    const value = {
      a: 'x',
      b: ['y', { c: 'z' }],
      n: 1,
      none: undefined,
      nothing: null,
      big: 1n,
      date: new Date(1),
    };
    expect(mapTexts(value, upper)).toStrictEqual({
      a: 'X',
      b: ['Y', { c: 'Z' }],
      n: 1,
      none: undefined,
      nothing: null,
      big: 1n,
      date: new Date(1),
    });
    expect(value.a).toBe('x');
  });

  it('changes names and whole fields where that is asked for', () => {
    const changes = {
      ...upper,
      key: (key: string) => `${key}!`,
      field: (key: string) => (key === 'b' ? 'gone' : undefined),
    };
    expect(mapTexts({ a: 'x', b: { c: 'y' } }, changes)).toEqual({ 'a!': 'X', 'b!': 'gone' });
  });

  it('loses no field when two names become the same', () => {
    expect(mapTexts({ a: 1, b: 2, c: 3 }, { ...upper, key: () => 'k' })).toEqual({
      k: 1,
      'k 2': 2,
      'k 3': 3,
    });
  });

  it('keeps what occurs in several places one thing', () => {
    const shared = { a: 'x' };
    const mapped = mapTexts([shared, { shared }], upper) as [object, { shared: object }];
    expect(mapped[0]).toEqual({ a: 'X' });
    expect(mapped[1].shared).toBe(mapped[0]);
  });

  it('keeps __proto__ as a field like any other', () => {
    const mapped = mapTexts(JSON.parse('{"__proto__":{"admin":"yes"}}'), upper) as object;
    expect(Object.getPrototypeOf(mapped)).toBe(Object.prototype);
    expect(JSON.stringify(mapped)).toBe('{"__proto__":{"admin":"YES"}}');
  });

  it('turns holes into undefined, as readers see them', () => {
    expect(mapTexts(Array.from({ length: 2, 1: 'x' }), upper)).toStrictEqual([undefined, 'X']);
  });

  it.each<[string, unknown]>([
    ['functions', () => 'x'],
    [
      'class instances',
      new (class Box {
        n = 1;
      })(),
    ],
    ['maps', new Map()],
    ['bytes', new Uint8Array(1)],
    ['errors', new Error('x')],
  ])('refuses %s', (_name, value) => {
    expect(() => mapTexts({ a: [value] }, upper)).toThrow(TypeError);
  });

  it('refuses cycles', () => {
    const value: Record<string, unknown> = {};
    value['self'] = [value];
    expect(() => mapTexts(value, upper)).toThrow(TypeError);
  });
});
