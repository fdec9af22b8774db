import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createSessionFlow } from './session-flow.ts';

const SEED = 7;
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('');
const token = (min: number, max: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...letters), { minLength: min, maxLength: max })
    .map((list) => list.join(''));
const words = fc.array(token(1, 9), { maxLength: 40 }).map((list) => list.join(' '));

/** Work per letter, whatever the text: slots of the index that were looked at. */
function stepsFor(text: string): number {
  const flow = createSessionFlow({ seed: SEED });
  flow.observe(text, { origin: 'untrusted' });
  flow.originOf('somewhere-else');
  return flow.size.steps / text.length;
}

describe('provenance, for any text', () => {
  it('finds a word that was typed between any other words', () => {
    fc.assert(
      fc.property(words, token(5, 30), words, (before, value, after) => {
        const flow = createSessionFlow({ seed: SEED });
        flow.observe(`${before} ${value}. ${after}`, { origin: 'prompt' });
        return flow.originOf(value).sightings.some(({ proves }) => proves);
      }),
    );
  });

  it('finds any copied run of words with at least 15 letters, in content too', () => {
    const run = fc
      .array(token(2, 9), { minLength: 4, maxLength: 12 })
      .filter((list) => list.join('').length >= 15);
    fc.assert(
      fc.property(words, run, words, (before, list, after) => {
        const flow = createSessionFlow({ seed: SEED });
        flow.observe(`${before}, ${list.join(' ')} ${after}`, { origin: 'untrusted' });
        return flow.originOf(list.join(' ')).sightings.length === 1;
      }),
    );
  });

  it('finds no word that is not there', () => {
    fc.assert(
      fc.property(words, token(5, 30), (text, value) => {
        const flow = createSessionFlow({ seed: SEED });
        flow.observe(text, { origin: 'prompt' });
        const found = flow.originOf(value).sightings.length > 0;
        return found === text.split(' ').includes(value);
      }),
    );
  });

  it('vouches for no proper part of a trusted field', () => {
    fc.assert(
      fc.property(words, token(5, 30), token(1, 9), (before, value, after) => {
        const flow = createSessionFlow({ seed: SEED });
        flow.observe([`${before} ${value} ${after}`], { origin: 'trusted:list' });
        return !flow.isVouched(value, ['trusted']);
      }),
    );
  });

  it('is not widened by more content', () => {
    fc.assert(
      fc.property(words, token(5, 30), words, (prompt, value, content) => {
        const flow = createSessionFlow({ seed: SEED });
        flow.observe(prompt, { origin: 'prompt' });
        const accepted = ['prompt', 'trusted'] as const;
        const before = flow.isVouched(value, accepted);
        flow.observe(`${content} ${value}`, { origin: 'untrusted' });
        expect(flow.isVouched(value, accepted)).toBe(before);
        expect(flow.isVouched(value, ['untrusted'])).toBe(true);
      }),
    );
  });
});

describe('secrets, for any text', () => {
  it('are found in what leaves: whole, split, over fields, encoded', () => {
    const secret = token(15, 40);
    fc.assert(
      fc.property(secret, words, words, fc.nat(), (value, before, after, at) => {
        const flow = createSessionFlow({ seed: SEED });
        flow.observe({ note: `${before} ${value} ${after}` }, { origin: 'secret' });
        const cut = at % value.length;
        const [head, tail] = [value.slice(0, cut), value.slice(cut)];
        const leaks: readonly unknown[] = [
          `look: ${value}!`,
          value.split('').join('-'),
          { a: head, b: tail },
          `x=${encodeURIComponent(`<${value}>`)}`,
          `data ${btoa(`so: ${value}.`)}`,
          value
            .split('')
            .map((c) => c.charCodeAt(0).toString(16))
            .join(''),
          value.toUpperCase(),
        ];
        for (const leak of leaks) expect(flow.secretsIn(leak).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the work', () => {
  it('is linear in the text, whatever the text', () => {
    const unit = fc.oneof(
      fc.constantFrom('a', 'a ', 'ab', 'a.', '1 ', '1,', '1.', 'a@', '%41', '&#65;', '-', ' ', 'é'),
      token(1, 12),
    );
    const text = fc
      .tuple(fc.array(unit, { minLength: 1, maxLength: 6 }), fc.boolean())
      .map(([units, spaced]) =>
        units
          .join(spaced ? ' ' : '')
          .repeat(2000)
          .slice(0, 20_000),
      );
    fc.assert(
      fc.property(text, (each) => {
        expect(stepsFor(each)).toBeLessThan(24);
      }),
      { numRuns: 60 },
    );
  });
});
