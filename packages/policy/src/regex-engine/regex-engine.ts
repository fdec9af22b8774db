import type { RE2JS } from 're2js';

/** Regular expressions without backtracking: RE2's syntax, in linear time. */
export type RegexEngine = Pick<typeof RE2JS, 'compile' | 'DOTALL'>;
