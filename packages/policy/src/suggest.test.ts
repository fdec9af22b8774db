import { describe, expect, it } from 'vitest';
import { suggest } from './suggest.ts';

describe('suggest', () => {
  it.each([
    ['refnd', 'refund'],
    ['moed', 'mode'],
    ['readonly', 'readOnly'],
    ['read_flie', 'read_file'],
    ['ltee', 'lte'],
  ])('takes %s for %s', (wrong, meant) => {
    const known = ['refund', 'mode', 'readOnly', 'read_file', 'lte', 'x'];
    expect(suggest(wrong, known)).toBe(` (did you mean "${meant}"?)`);
  });

  it.each(['', 'n', 'zzzzzz', 'y'.repeat(10_000)])('suggests nothing for %j', (wrong) => {
    expect(suggest(wrong, ['in', 'not', 'refund'])).toBe('');
  });
});
