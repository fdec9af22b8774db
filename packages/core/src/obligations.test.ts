import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyObligations, type Obligation, readObligation } from './obligations.ts';
import { createRedactor } from './redact.ts';

const redactor = createRedactor();

/** A list with nothing in it but holes. */
const holes = (length: number): unknown[] => Object.assign([], { length });

describe('an obligation', () => {
  it.each<[Obligation]>([
    [{ type: 'redact', fields: ['iban'] }],
    [{ type: 'redact', fields: [] }],
    [{ type: 'cap', characters: 0 }],
    [{ type: 'label', labels: ['untrusted'] }],
  ])('that is known is taken as a frozen copy: %j', (given) => {
    const read = readObligation(given);
    expect(read).toEqual(given);
    expect(read).not.toBe(given);
    expect(Object.isFrozen(read)).toBe(true);
  });

  it('cannot be weakened afterwards', () => {
    const fields = ['iban'];
    const read = readObligation({ type: 'redact', fields });
    fields.pop();
    expect(read).toEqual({ type: 'redact', fields: ['iban'] });
    expect(() => (read as unknown as { fields: string[] }).fields.pop()).toThrow(TypeError);
  });

  it.each<[string, unknown]>([
    ['an unknown type', { type: 'watermark', text: 'x' }],
    ['no type', { fields: ['iban'] }],
    ['no detail', { type: 'cap' }],
    ['a detail too many', { type: 'cap', characters: 5, except: 'admins' }],
    ['a misspelt detail', { type: 'redact', field: ['iban'] }],
    ['the detail of another type', { type: 'cap', fields: ['iban'] }],
    ['a cap below nothing', { type: 'cap', characters: -1 }],
    ['a cap that is no whole number', { type: 'cap', characters: 1.5 }],
    ['a cap that is no number', { type: 'cap', characters: '5' }],
    ['a cap of NaN', { type: 'cap', characters: Number.NaN }],
    ['an endless cap', { type: 'cap', characters: Infinity }],
    ['fields that are a text', { type: 'redact', fields: 'iban' }],
    ['fields that are no texts', { type: 'redact', fields: ['iban', 5] }],
    ['fields with a hole', { type: 'redact', fields: Array.from({ length: 1 }) }],
    ['a sparse list', { type: 'label', labels: holes(2) }],
    ['a text', 'redact'],
    ['null', null],
    ['undefined', undefined],
    ['a list', [{ type: 'cap', characters: 5 }]],
    ['what is only inherited', Object.create({ type: 'cap', characters: 5 })],
  ])('that is not wholly understood is none: %s', (_name, value) => {
    expect(readObligation(value)).toBeUndefined();
  });
});

describe('the result under obligations', () => {
  it('is untouched without any, or with labels alone', () => {
    const result = { a: new Map() };
    expect(applyObligations(result, [], redactor)).toBe(result);
    expect(applyObligations(result, [{ type: 'label', labels: ['x'] }], redactor)).toBe(result);
  });

  it('loses the named fields and everything that looks like a secret', () => {
    const result = {
      iban: 'DE00',
      list: [{ IBAN: 'DE01', note: 'sk-abcdefghij1234567890' }],
      password: 'x',
      ok: 1,
    };
    expect(applyObligations(result, [{ type: 'redact', fields: ['iban'] }], redactor)).toEqual({
      iban: '[redacted]',
      list: [{ IBAN: '[redacted]', note: '[redacted]' }],
      password: '[redacted]',
      ok: 1,
    });
  });

  it('is cut to the smallest cap, which says how much is missing', () => {
    const obligations: Obligation[] = [
      { type: 'cap', characters: 5 },
      { type: 'cap', characters: 3 },
      { type: 'cap', characters: 5 },
    ];
    expect(applyObligations({ a: 'abcdef', b: ['abc', 1] }, obligations, redactor)).toEqual({
      a: 'abc… [3 characters withheld]',
      b: ['abc', 1],
    });
    expect(applyObligations('x', [{ type: 'cap', characters: 0 }], redactor)).toBe(
      '… [1 characters withheld]',
    );
  });

  it('is not cut through a character', () => {
    expect(applyObligations('ab🦊', [{ type: 'cap', characters: 3 }], redactor)).toBe(
      'ab… [2 characters withheld]',
    );
  });

  it('is redacted before it is cut, since half a secret is not recognised', () => {
    const secret = 'sk-abcdefghij1234567890';
    for (const obligations of [
      [
        { type: 'cap', characters: 12 },
        { type: 'redact', fields: [] },
      ],
      [
        { type: 'redact', fields: [] },
        { type: 'cap', characters: 12 },
      ],
    ] as const) {
      expect(applyObligations(`a ${secret}`, obligations, redactor)).toBe('a [redacted]');
    }
  });

  it('is freed of the guard’s own secrets before it is cut, whether or not it is redacted', () => {
    const issuing = createRedactor();
    issuing.issue('issued-secret-value');
    const capped = applyObligations(
      'with issued-secret-value',
      [{ type: 'cap', characters: 16 }],
      issuing,
    );
    expect(capped).toBe('with [redacted]');
  });

  it('does not depend on the order of the obligations, nor on how often they are demanded', () => {
    const obligation: fc.Arbitrary<Obligation> = fc.oneof(
      fc.record({
        type: fc.constant('redact' as const),
        fields: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
      }),
      fc.record({ type: fc.constant('cap' as const), characters: fc.nat(20) }),
      fc.record({ type: fc.constant('label' as const), labels: fc.constant(['x']) }),
    );
    const lists = fc
      .array(obligation, { maxLength: 4 })
      .chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 }),
        ),
      );
    const text = fc.oneof(fc.string(), fc.constant('sk-abcdefghij1234567890 tail'));
    const result = fc.record({ a: text, b: fc.array(text), c: fc.record({ a: text }), d: text });
    fc.assert(
      fc.property(lists, result, ([list, again], value) => {
        expect(applyObligations(value, again, redactor)).toEqual(
          applyObligations(value, list, redactor),
        );
      }),
    );
  });

  it.each<[string, () => unknown]>([
    [
      'a class instance',
      () =>
        new (class Row {
          iban = 'x';
        })(),
    ],
    ['a function', () => () => 'x'],
    ['a map', () => new Map()],
    ['bytes', () => new Uint8Array(3)],
    [
      'a getter that throws',
      () => ({
        get a(): unknown {
          throw new Error('no');
        },
      }),
    ],
  ])('is withheld where it holds %s', (_name, make) => {
    for (const obligation of [
      { type: 'redact', fields: [] },
      { type: 'cap', characters: 100 },
    ] as const) {
      expect(() => applyObligations([make()], [obligation], redactor)).toThrow(
        expect.objectContaining({
          code: 'result_withheld',
          message: expect.stringContaining(obligation.type) as string,
        }),
      );
    }
  });
});
