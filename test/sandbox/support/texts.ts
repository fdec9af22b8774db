import { expect } from 'vitest';

/** A text that contains another one, for comparisons. */
export function containing(part: string): unknown {
  return expect.stringContaining(part);
}

/** A text that matches a pattern, for comparisons. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
