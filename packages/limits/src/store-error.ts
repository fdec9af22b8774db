import { GuardError, isGuardError } from '@guardstile/core';

/** What SQLite's primary result codes mean for a store, and what to do. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [5, 'another process holds it for too long; end that process, or call again'],
  [6, 'another process holds it for too long; end that process, or call again'],
  [8, 'it cannot be written; make the file and its directory writable for this process'],
  [10, 'the disk failed; mend it and call again'],
  [11, 'it is damaged; move it away, and start a new one once what it counted is over'],
  [13, 'the disk is full; make room and call again'],
  [14, 'it cannot be opened; make sure that its directory exists and can be written'],
  [26, 'it is no SQLite database; give the path of another file'],
]);

/** Any failure of the file as an error that says what to do; what the store refuses stays as it is. */
export function storeError(path: string, cause: unknown): GuardError {
  if (isGuardError(cause)) return cause;
  const { code, message } = fieldsOf(cause);
  const words = WORDS.get(primaryCodeOf(cause) ?? 0);
  const what = words ?? (code === 'ERR_INVALID_STATE' ? 'it was closed; open it again' : undefined);
  return new GuardError(
    'limits_error',
    `the limits in ${path}: ${what ?? 'they failed; mend the file and call again'} (${String(message)})`,
    { cause },
  );
}

/** SQLite's result code without what extends it. */
export function primaryCodeOf(cause: unknown): number | undefined {
  const { errcode } = fieldsOf(cause);
  return typeof errcode === 'number' ? errcode % 256 : undefined;
}

function fieldsOf(cause: unknown): { errcode?: unknown; code?: unknown; message?: unknown } {
  return typeof cause === 'object' && cause !== null ? cause : { message: cause };
}
