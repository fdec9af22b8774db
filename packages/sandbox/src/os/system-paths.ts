import { existsSync } from 'node:fs';

/** Directories that most systems keep as links into `/usr`. */
export const BESIDE_USR: readonly string[] = [
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
];
/** What programs need of `/etc`: where libraries and their alternatives are. */
export const OF_ETC: readonly string[] = ['/etc/ld.so.cache', '/etc/alternatives'];

/** What every process may read of the system, where it is there. */
export function systemPaths(): readonly string[] {
  return ['/usr', ...BESIDE_USR, ...OF_ETC].filter((path) => existsSync(path));
}
