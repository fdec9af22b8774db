import type { Attack } from './attack.ts';
import { CALLERS } from './callers.ts';
import { CHANGED } from './changed.ts';
import { FORGED } from './forged.ts';
import { REPLAYED } from './replayed.ts';
import { SERVERS } from './servers.ts';

/** Everything that is tried. */
export const ATTACKS: readonly Attack[] = [
  ...FORGED,
  ...REPLAYED,
  ...CALLERS,
  ...CHANGED,
  ...SERVERS,
];
