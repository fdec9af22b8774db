import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  DIMENSIONS,
  GUARANTEE_LEVELS,
  type GuaranteeLevel,
  type Guarantees,
  NO_GUARANTEES,
  strongest,
  weakerThan,
} from './guarantees.ts';

const level = fc.constantFrom(...GUARANTEE_LEVELS);
const full = fc.record(
  Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, level])) as Record<
    keyof Guarantees,
    typeof level
  >,
);
const partial: fc.Arbitrary<Partial<Guarantees>> = fc.record(
  Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, level])) as Record<
    keyof Guarantees,
    typeof level
  >,
  { requiredKeys: [] },
);
const unknown = 'quantum' as GuaranteeLevel;

describe('strongest', () => {
  it('is commutative, associative and idempotent, and NO_GUARANTEES adds nothing', () => {
    fc.assert(
      fc.property(full, full, full, (a, b, c) => {
        expect(strongest(a, b)).toEqual(strongest(b, a));
        expect(strongest(strongest(a, b), c)).toEqual(strongest(a, strongest(b, c)));
        expect(strongest(a, a)).toEqual(a);
        expect(strongest(a, NO_GUARANTEES)).toEqual(a);
      }),
    );
  });

  it('is enough wherever one of the two is', () => {
    fc.assert(
      fc.property(full, full, partial, (a, b, required) => {
        if (weakerThan(a, required) === undefined)
          expect(weakerThan(strongest(a, b), required)).toBeUndefined();
      }),
    );
  });

  it('of two demands is met exactly where both are', () => {
    fc.assert(
      fc.property(full, partial, partial, (there, a, b) => {
        const both = weakerThan(there, a) === undefined && weakerThan(there, b) === undefined;
        expect(weakerThan(there, strongest(a, b)) === undefined).toBe(both);
      }),
    );
  });

  it('changes neither', () => {
    const [a, b] = [
      Object.freeze({ files: 'args' as const }),
      Object.freeze({ files: 'os' as const }),
    ];
    expect(strongest(a, b)).toEqual({ files: 'os' });
  });

  it('keeps a demand that nobody understands, from either side', () => {
    const known = { files: 'os' as const };
    for (const demand of [{ files: unknown }, { filez: 'os' } as Partial<Guarantees>]) {
      for (const both of [
        strongest<Partial<Guarantees>>(known, demand),
        strongest<Partial<Guarantees>>(demand, known),
      ]) {
        expect(weakerThan({ ...NO_GUARANTEES, files: 'os' }, both)).toBeDefined();
      }
    }
  });

  it('is not weakened by a dimension that is there without a level', () => {
    expect(strongest<Partial<Guarantees>>({ files: 'os' }, { files: undefined })).toEqual({
      files: 'os',
    });
  });
});

describe('weakerThan', () => {
  it('names a dimension in which less is there than is required', () => {
    expect(weakerThan({ ...NO_GUARANTEES, files: 'os' }, { files: 'os', network: 'args' })).toBe(
      'network',
    );
    expect(weakerThan({ ...NO_GUARANTEES, files: 'runtime' }, { files: 'interpreter' })).toBe(
      'files',
    );
    expect(weakerThan(NO_GUARANTEES, {})).toBeUndefined();
    expect(weakerThan(NO_GUARANTEES, { files: 'none' })).toBeUndefined();
  });

  it('is the order of the levels', () => {
    for (const [i, there] of GUARANTEE_LEVELS.entries()) {
      for (const [j, required] of GUARANTEE_LEVELS.entries()) {
        expect(weakerThan({ ...NO_GUARANTEES, cpu: there }, { cpu: required }) === undefined).toBe(
          i >= j,
        );
      }
    }
  });

  it('never takes for met what is not understood', () => {
    const everything = Object.fromEntries(
      DIMENSIONS.map((d) => [d, 'os']),
    ) as unknown as Guarantees;
    expect(weakerThan(everything, { files: unknown })).toBe('files');
    expect(weakerThan(everything, { filez: 'args' } as Partial<Guarantees>)).toBe('filez');
    expect(weakerThan({ ...everything, files: unknown }, { files: 'args' })).toBe('files');
    expect(weakerThan({ ...everything, files: unknown }, { files: unknown })).toBe('files');
    expect(weakerThan({} as Guarantees, { files: 'args' })).toBe('files');
    const filez = { filez: 'os' } as Partial<Guarantees>;
    expect(weakerThan({ ...everything, ...filez }, filez)).toBe('filez');
  });
});

describe('with a polluted Object.prototype', () => {
  afterEach(() => {
    delete (Object.prototype as Record<string, unknown>)['files'];
  });

  it('nothing is guaranteed and nothing is required from there', () => {
    (Object.prototype as Record<string, unknown>)['files'] = 'os';
    const missing = weakerThan({} as Guarantees, { files: 'args' });
    const required = weakerThan(NO_GUARANTEES, {});
    const both = Object.keys(strongest<Partial<Guarantees>>({}, {}));
    delete (Object.prototype as Record<string, unknown>)['files'];
    expect([missing, required, both]).toEqual(['files', undefined, []]);
  });
});
