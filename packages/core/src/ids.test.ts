import { describe, expect, it } from 'vitest';
import { mintId } from './ids.ts';

describe('an id', () => {
  it('says what it names and is never given twice', () => {
    const ids = Array.from({ length: 50_000 }, (_, i) => mintId(i % 2 === 0 ? 'rid' : 'att'));
    expect(new Set(ids.map((id) => id.slice(4))).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^(?:rid|att)_[0-9a-z]{22,}$/);
  });
});
