import { describe, expect, it } from 'vitest';

import { wrap } from './wrap.ts';

describe('wrap', () => {
  it('leaves a line that fits as it is', () => {
    expect(wrap({ indent: 1, text: 'x'.repeat(28) }, 30)).toEqual([`  ${'x'.repeat(28)}`]);
  });

  it('marks what goes on, and indents it like the line', () => {
    expect(wrap({ indent: 2, text: 'x'.repeat(50) }, 30)).toEqual([
      `    ${'x'.repeat(26)}`,
      `    > ${'x'.repeat(24)}`,
    ]);
  });

  it('takes everything outside ASCII for two columns wide', () => {
    expect(wrap({ indent: 0, text: '漢'.repeat(16) }, 30)).toEqual(['漢'.repeat(15), '> 漢']);
  });

  it('keeps room for text however deep the line is and however narrow the terminal', () => {
    for (const width of [0, 5, 20, 40]) {
      const rows = wrap({ indent: 200, text: 'x'.repeat(100) }, width);
      expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(Math.max(width, 20));
      expect(rows.join('').replaceAll(/[ >]/g, '')).toBe('x'.repeat(100));
    }
  });

  it('writes an empty line for an empty text', () => {
    expect(wrap({ indent: 0, text: '' }, 30)).toEqual(['']);
  });
});
