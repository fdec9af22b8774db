import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { listSegments } from './segments.ts';

/** Directory of the log in a slot. */
export function slotPath(directory: string, slot: string): string {
  return join(directory, slot);
}

/** Directory of the log that says which logs there are. */
export function registryPath(directory: string): string {
  return join(directory, 'registry');
}

/** The slots that hold a log, whether or not anything says so. */
export function listSlots(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => /^[1-9][0-9]*$/.test(name) && holdsLog(directory, name))
    .toSorted((a, b) => Number(a) - Number(b));
}

/** Whether a slot holds a log. */
export function holdsLog(directory: string, slot: string): boolean {
  const path = slotPath(directory, slot);
  return existsSync(path) && listSegments(path).length > 0;
}

/**
 * The logs at a path: itself, or those that several processes write into one directory, their
 * registry first.
 */
export function logsIn(path: string): readonly string[] {
  if (!existsSync(registryPath(path))) return [path];
  return [registryPath(path), ...listSlots(path).map((slot) => slotPath(path, slot))];
}
