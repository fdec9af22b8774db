import type { CallContext, SessionKey } from '@guardstile/core';

/** What one person typed would vouch for the calls of another. */
const NOBODY =
  'it is not known whose session this is; pass createGuard({ context: { principal, session } }), or guard.with() for each request';

const keys = new WeakMap<CallContext, SessionKey>();

/**
 * Whose session it is. Contexts do not change, and calls share them.
 *
 * @throws {TypeError} for a context that names neither.
 */
export function keyOf(context: CallContext): SessionKey {
  let key = keys.get(context);
  if (key === undefined) {
    const { principal, session } = context;
    if (principal === undefined && session === undefined) throw new TypeError(NOBODY);
    key = { tenant: principal?.tenant, principal: principal?.id, session };
    keys.set(context, key);
  }
  return key;
}

const names = new WeakMap<SessionKey, string>();

/** One text for one session: a session id alone is never trusted. */
export function sessionText(key: SessionKey): string {
  let name = names.get(key);
  if (name === undefined) {
    const { tenant, principal, session } = key;
    name = JSON.stringify([tenant ?? null, principal ?? null, session ?? null]);
    names.set(key, name);
  }
  return name;
}

/** One text for one person in one tenant. */
export function ownerText(key: SessionKey): string {
  let name = owners.get(key);
  if (name === undefined) {
    const { tenant, principal } = key;
    name = JSON.stringify([tenant ?? null, principal ?? null]);
    owners.set(key, name);
  }
  return name;
}

const owners = new WeakMap<SessionKey, string>();
