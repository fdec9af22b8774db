import { describe, expect, it } from 'vitest';

import { BENEATH, BENEATH_WRITING, LEXICAL, race } from './race.ts';

// The README's table takes 40,000: node test/sandbox/write-race-table.ts
const TRIES = Number(process.env['GUARDSTILE_RACE_TRIES'] ?? 2000);

describe('while another process exchanges directories and files for links', () => {
  it('a tool that checks the text of a path is led outside', async () => {
    const result = await race(LEXICAL, 500_000, ({ escapes }) => escapes > 20);
    expect(result.escapes).toBeGreaterThan(20);
  });

  it.each([BENEATH, BENEATH_WRITING])('$name never gets outside', async (strategy) => {
    const result = await race(strategy, TRIES);
    expect(result).toMatchObject({ tries: TRIES, escapes: 0 });
    // Else it were no feat.
    expect(result.reached).toBeGreaterThan(100);
  });
});
