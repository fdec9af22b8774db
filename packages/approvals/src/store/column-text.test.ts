import * as fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import { columnText } from './column-text.ts';

const unit = fc.constantFrom(
  '"',
  '\\',
  '\0',
  '\ud800',
  '\udc00',
  '\ufffd',
  'u',
  'd',
  '8',
  '0',
  'a',
);
const text = fc.oneof(fc.string({ unit }), fc.string({ unit: 'binary' }));

describe('a text in a column', () => {
  it('is given back by SQLite as it was', () => {
    const select = new DatabaseSync(':memory:').prepare('SELECT ? AS text');
    fc.assert(
      fc.property(text, (given) => {
        const column = columnText(given);
        expect(select.get(column)?.['text']).toBe(column);
      }),
    );
  });

  it('is that of one text only', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(columnText(a) === columnText(b)).toBe(a === b);
        expect(columnText(a) === columnText(columnText(a))).toBe(columnText(a) === a);
      }),
      { numRuns: 1000 },
    );
  });

  it('is readable where it can be', () => {
    expect(columnText('ann@acme')).toBe('ann@acme');
  });
});
