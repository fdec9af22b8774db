import { createHmac, timingSafeEqual } from 'node:crypto';

import { GuardError } from '@guardstile/core';

// Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

const PREFIX = 'whsec_';
const SHORTEST_SECRET = 24;

/**
 * The bytes of secrets, each `whsec_` and base64.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function readSecrets(who: string, given: string | readonly string[]): readonly Buffer[] {
  const secrets = (typeof given === 'string' ? [given] : [...given]).map((secret) =>
    typeof secret === 'string' && secret.startsWith(PREFIX)
      ? Buffer.from(secret.slice(PREFIX.length), 'base64')
      : Buffer.alloc(0),
  );
  if (secrets.length > 0 && secrets.every(({ length }) => length >= SHORTEST_SECRET))
    return secrets;
  throw new GuardError(
    'options_invalid',
    `${who}: a secret has to be "whsec_" and the base64 of at least ${SHORTEST_SECRET} random bytes`,
  );
}

/** `webhook-signature`: one for each secret, so that secrets can be changed. */
export function signature(
  secrets: readonly Buffer[],
  id: string,
  timestamp: string,
  body: string | Uint8Array,
): string {
  return secrets
    .map((secret) => `v1,${macOf(secret, id, timestamp, body).toString('base64')}`)
    .join(' ');
}

/** Whether one of the signatures was made with one of the secrets. */
export function isSigned(
  secrets: readonly Buffer[],
  signatures: string,
  id: string,
  timestamp: string,
  body: Uint8Array,
): boolean {
  const given = signatures
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'));
  return secrets.some((secret) => {
    const mac = macOf(secret, id, timestamp, body);
    return given.some((one) => one.length === mac.length && timingSafeEqual(one, mac));
  });
}

function macOf(secret: Buffer, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}
