import { describe, expect, it } from 'vitest';

import { readerOf } from './read-path.ts';

const read = (path: string, value: unknown): unknown => readerOf(path)(value);

describe('an argument at a path', () => {
  it('is what stands there, or what stands in every item', () => {
    expect(read('', { to: 'a' })).toEqual({ to: 'a' });
    expect(read('order.id', { order: { id: 1 } })).toBe(1);
    expect(read('items[].to', { items: [{ to: 'a' }, { to: 'b' }] })).toEqual(['a', 'b']);
    expect(read('[].to', [{ to: 'a' }])).toEqual(['a']);
  });

  it('is nothing where a field is absent', () => {
    for (const value of [{}, { order: {} }, { order: null }, undefined, null]) {
      expect(read('order.id', value) ?? undefined).toBeUndefined();
    }
    expect(read('items[].to', { items: [{}, { to: 'b' }] })).toEqual([undefined, 'b']);
  });

  it.each([
    [
      'one object where a list was expected',
      'items[].to',
      { items: { 0: { to: 'a' } } },
      { 0: { to: 'a' } },
    ],
    ['one text where a list was expected', 'to[]', { to: 'a' }, 'a'],
    ['a text where an object was expected', 'payment.to', { payment: '{"to":"a"}' }, '{"to":"a"}'],
    [
      'a list where an object was expected',
      'payment.to',
      { payment: [{ to: 'a' }] },
      [{ to: 'a' }],
    ],
    ['a list in a list', 'items[].to', { items: [[{ to: 'a' }]] }, [[{ to: 'a' }]]],
    ['a text where arguments were expected', 'to', '{"to":"a"}', '{"to":"a"}'],
  ])('is %s, whole', (_what, path, value, expected) => {
    expect(read(path, value)).toEqual(expected);
  });

  it('is what a class says it is, and what is no record is looked at whole', () => {
    class Order {
      get id(): string {
        return 'a';
      }
    }
    expect(read('order.id', { order: new Order() })).toBe('a');
    const order = new Map([['id', 'a']]);
    expect(read('order.id', { order })).toBe(order);
  });
});
