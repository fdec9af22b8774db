import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const text = readFileSync(new URL('docs/threat-model.md', root), 'utf8');

describe('the threat model', () => {
  const named = [
    ...new Set([...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map((match) => match[1])),
  ];

  it('names tests for every promise', () => {
    const rows = text.split('\n').filter((line) => /^\|\s*\d+\s*\|/.test(line));
    expect(rows).toHaveLength(10);
    for (const row of rows) expect(row).toMatch(/\.test\.ts`/);
  });

  it.each(named)('names %s, which exists', (path) => {
    expect(existsSync(new URL(path ?? '', root))).toBe(true);
  });
});
