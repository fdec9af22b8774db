import { readFileSync } from 'node:fs';

/** Public keys are short: they come as they are, or in a file. */
export function keyOf(given: string): string {
  return given.includes('+') ? given : readFileSync(given, 'utf8').trim();
}
