import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where the system keeps programs; the search path of this process comes last. */
const FIRST = ['/usr/bin', '/usr/local/bin', '/run/current-system/sw/bin'];

/** The program bubblewrap, if there is one. */
export function bwrapPath(given: string | undefined): string | undefined {
  if (given !== undefined) return runs(given) ? given : undefined;
  const rest = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  return [...FIRST, ...rest].map((directory) => join(directory, 'bwrap')).find(runs);
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
