import { GuardError, type GuardErrorCode } from './errors.ts';

/**
 * The options that a caller set itself: a polluted prototype configures nothing, and an option that
 * nobody reads is refused, because a misspelt `deny` must not become no `deny`.
 *
 * @throws {GuardError} with the given code.
 */
export function ownOptions<T extends object>(
  who: string,
  options: T,
  known: ReadonlyArray<keyof T & string>,
  code: GuardErrorCode,
): T {
  if (typeof options !== 'object' || options === null) {
    throw new GuardError(code, `${who}: its options have to be an object`);
  }
  const own: T = Object.assign(Object.create(null) as object, options);
  for (const key of Object.keys(own)) {
    if ((known as readonly string[]).includes(key)) continue;
    throw new GuardError(code, `${who}: "${key}" is not an option; use ${known.join(', ')}`);
  }
  return own;
}
