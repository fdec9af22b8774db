import { resolve } from 'node:path';

import { type StoreKind, storeRefusal } from './store-kind.ts';

/** What SQLite takes for a database in memory, a temporary one, or an address with options. */
const NO_FILE = /^(?::memory:$|file:|$)/i;

/**
 * The path of a file, the same wherever the process goes meanwhile.
 *
 * @throws {GuardError} The store's code for what is none.
 */
export function placeOf(kind: StoreKind, path: string): string {
  if (typeof path === 'string' && !NO_FILE.test(path)) return resolve(path);
  throw storeRefusal(kind, JSON.stringify(path), 'is no file; give the path of a file');
}
