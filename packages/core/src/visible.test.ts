import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible } from './visible.ts';

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Near the escapes themselves, so that imitations are likely. */
const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\',
        'u',
        '{',
        '}',
        'u{',
        '\\u{',
        '\\u{202e}',
        '5c',
        '202e',
        '\n',
        '\t',
        'a',
      ),
      fc.constantFrom(
        '\u202e',
        '\u200b',
        '\u001b',
        '\ud800',
        '\udc00',
        '\u2028',
        '\u{e0041}',
        '\ue000',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** What the text was; defined for outputs of `visible` only. */
function unescape(text: string): string {
  return text.replace(/\\u\{([0-9a-f]+)\}/g, (_all, hex: string) =>
    String.fromCodePoint(parseInt(hex, 16)),
  );
}

describe('visible', () => {
  it('leaves nothing that cannot be seen, in the whole of Unicode', () => {
    for (let plane = 0; plane <= 0x10; plane += 1) {
      const all = Array.from({ length: 0x10000 }, (_, i) =>
        String.fromCodePoint(plane * 0x10000 + i),
      );
      // Apart, so that two halves of a pair do not become a character.
      expect(HIDDEN.test(visible(all.join(' ')))).toBe(false);
    }
  });

  it('never gives two different texts the same look', () => {
    fc.assert(
      fc.property(tricky, (text) => {
        expect(unescape(visible(text))).toBe(text);
        expect(unescape(visible(text, { keepNewlines: true }))).toBe(text);
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(tricky, tricky, (a, b) => {
        expect(visible(a) === visible(b)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves plain text as it is, in any script', () => {
    for (const text of [
      '',
      'rm -rf C:\\temp\\new',
      'naïve café',
      'Ω≈ç√',
      '日本語',
      'עברית',
      '🦊',
      'tab? no',
      '\\u0041',
    ]) {
      expect(visible(text)).toBe(text);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        if (!text.includes('\\u{')) expect(visible(text)).toBe(text);
      }),
    );
  });

  it.each([
    ['a right-to-left override', 'safe\u202efdp.exe', 'safe\\u{202e}fdp.exe'],
    ['a terminal escape', '\u001b[2Jgone', '\\u{1b}[2Jgone'],
    ['a zero-width space', 'pass\u200bword', 'pass\\u{200b}word'],
    ['a tag character that carries hidden text', 'hi\u{e0041}', 'hi\\u{e0041}'],
    ['a variation selector that carries hidden bytes', 'a\u{e0100}\ufe0f', 'a\\u{e0100}\\u{fe0f}'],
    ['a filler that looks like nothing', 'a\u3164b\u115f', 'a\\u{3164}b\\u{115f}'],
    ['half a surrogate pair', 'a\ud800b', 'a\\u{d800}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a carriage return that overwrites a line', 'rm x\rls', 'rm x\\u{d}ls'],
    ['an imitation of an escape', '\\u{202e}', '\\u{5c}u{202e}'],
  ])('shows %s', (_name, text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(visible(text, { keepNewlines: true })).toBe(shown);
  });

  it('keeps line breaks and tabs where that is asked for, and only those', () => {
    expect(visible('a\n\tb\r')).toBe('a\\u{a}\\u{9}b\\u{d}');
    expect(visible('a\n\tb\r', { keepNewlines: true })).toBe('a\n\tb\\u{d}');
  });
});
