import { GuardError, isGuardError } from '@guardstile/core';

import type { StoreKind } from './store-kind.ts';

const HELD = 'another process holds it for too long; end that process, or call again';
const DAMAGED = 11;

/** What SQLite's primary result codes mean for a store, and what to do. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [5, HELD],
  [6, HELD],
  [8, 'it cannot be written; make the file and its directory writable for this process'],
  [10, 'the disk failed; mend it and call again'],
  [13, 'the disk is full; make room and call again'],
  [14, 'it cannot be opened; make sure that its directory exists and can be written'],
  [26, 'it is no SQLite database; give the path of another file'],
]);

/** Any failure of the file as an error that says what to do; what the store refuses stays as it is. */
export function storeError(kind: StoreKind, path: string, cause: unknown): GuardError {
  if (isGuardError(cause)) return cause;
  const { message } = fieldsOf(cause);
  const what = wordsOf(kind, cause) ?? 'it failed; mend it and call again';
  return new GuardError(kind.code, `${kind.name} ${path}: ${what} (${String(message)})`, { cause });
}

function wordsOf({ damaged }: StoreKind, cause: unknown): string | undefined {
  const primary = primaryCodeOf(cause);
  if (primary === DAMAGED) return `it is damaged; ${damaged}`;
  if (primary !== undefined) return WORDS.get(primary);
  return fieldsOf(cause).code === 'ERR_INVALID_STATE' ? 'it was closed; open it again' : undefined;
}

/** SQLite's result code without what extends it. */
export function primaryCodeOf(cause: unknown): number | undefined {
  const { errcode } = fieldsOf(cause);
  return typeof errcode === 'number' ? errcode % 256 : undefined;
}

function fieldsOf(cause: unknown): { errcode?: unknown; code?: unknown; message?: unknown } {
  return typeof cause === 'object' && cause !== null ? cause : { message: cause };
}
