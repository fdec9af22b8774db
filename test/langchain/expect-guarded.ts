import { expect } from 'vitest';
import type { Cell } from './bypass-table.ts';

/** That this way leads through the guard, or to no body at all. */
export function expectGuarded(cell: Cell | undefined): void {
  if (cell === undefined) throw new Error('it was not measured');
  const { plain, allowed, denied, allowedTrail, deniedTrail } = cell;
  // Copies that cannot reach private fields reach the body where the guard runs the original.
  expect(allowed).toBeGreaterThanOrEqual(plain);
  expect(allowed).toBeLessThanOrEqual(1);
  // A generator that nobody reads was allowed and never started.
  expect(allowedTrail.length).toBeGreaterThanOrEqual(allowed);
  expect(allowedTrail).toEqual(allowedTrail.length === 0 ? [] : ['tool.allow']);
  expect(denied).toBe(0);
  expect(deniedTrail).toEqual(allowedTrail.length === 0 ? [] : ['tool.deny']);
}
