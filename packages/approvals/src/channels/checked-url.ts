import { GuardError } from '@guardstile/core';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A URL that what it is sent can be trusted to: arguments of calls do not leave the machine in clear.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function checkedUrl(who: string, given: string | URL): URL {
  const url = URL.parse(String(given));
  if (url?.protocol === 'https:' && url.username === '') return url;
  if (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)) return url;
  throw new GuardError(
    'options_invalid',
    `${who}: the address has to begin with https:// (http:// on this machine) and to name no user`,
  );
}
