import type { ToolSet } from 'ai';
import { faces } from './face.ts';
import type { Situation } from './situation.ts';

/** The tools of a situation, new ones every time. */
export function toolsOf({ setUp }: Situation): ToolSet {
  const world = { sdk: faces['ai 7'], log: () => undefined, controller: new AbortController() };
  return setUp(world).tools;
}
