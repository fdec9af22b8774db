import { describe, expect, it } from 'vitest';
import { ownOptions } from './own-options.ts';

interface Options {
  readonly a?: number;
  readonly b?: string;
}

const read = (options: unknown): Options =>
  ownOptions('thing', options as Options, ['a', 'b'], 'options_invalid');

describe('ownOptions', () => {
  it('gives what was set, as a copy that inherits nothing', () => {
    const given = { a: 1, b: undefined };
    const own = read(given);
    given.a = 2;
    expect({ ...own }).toStrictEqual({ a: 1, b: undefined });
    expect('toString' in own).toBe(false);
    expect(read(Object.create({ a: 1 }))).not.toHaveProperty('a');
  });

  it.each([
    ['an option that nobody reads', { a: 1, c: 2 }, 'thing: "c" is not an option; use a, b'],
    [
      'an own __proto__',
      JSON.parse('{"__proto__":{"a":1}}'),
      'thing: "__proto__" is not an option; use a, b',
    ],
    ['null', null, 'thing: its options have to be an object'],
    ['nothing', undefined, 'thing: its options have to be an object'],
    ['a text', 'a', 'thing: its options have to be an object'],
  ])('refuses %s', (_name, options, message) => {
    expect(() => read(options)).toThrow(
      expect.objectContaining({ code: 'options_invalid', message }),
    );
  });
});
