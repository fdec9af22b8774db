import type { CallContext, Principal } from './call.ts';
import { GuardError } from './errors.ts';
import { snapshot } from './snapshot.ts';

/** Copies that were made here and that nobody can change: they are shared from then on. */
const taken = new WeakSet<object>();

/**
 * The context of a call: `more` before `base`, field by field, out of everybody's reach. Own
 * properties only, so that a polluted prototype lends nobody an identity.
 *
 * @throws {GuardError} `options_invalid` for a principal without an id, and for what is not plain data.
 */
export function mergeContext(base: CallContext, more: CallContext): CallContext {
  const own: CallContext = Object.assign(Object.create(null) as object, base, more);
  const { principal, metadata } = own;
  return Object.freeze(
    Object.assign(Object.create(null) as CallContext, own, {
      ...(principal === undefined ? {} : { principal: person(principal) }),
      ...(metadata === undefined ? {} : { metadata: take('metadata', metadata) }),
    }),
  );
}

function person(given: Principal): Principal {
  if (taken.has(given)) return given;
  const principal = take('principal', given);
  const { id, tenant, roles } = principal;
  if (typeof id !== 'string') throw invalid('principal needs an id, which is text');
  if (tenant !== undefined && typeof tenant !== 'string')
    throw invalid('principal.tenant has to be text');
  if (roles !== undefined && !isTexts(roles))
    throw invalid('principal.roles has to be a list of texts');
  return principal;
}

function take<T extends object>(field: string, value: T): T {
  if (taken.has(value)) return value;
  let copy: T;
  try {
    // A copy has the type of its original.
    copy = snapshot(Object.assign(Object.create(null) as object, value)).value as T;
  } catch (cause) {
    throw invalid(`${field} has to be plain data`, cause);
  }
  taken.add(copy);
  return copy;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function invalid(what: string, cause?: unknown): GuardError {
  return new GuardError(
    'options_invalid',
    `context: ${what}`,
    cause === undefined ? {} : { cause },
  );
}
