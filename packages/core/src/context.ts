import type { CallContext } from './call.ts';
import { GuardError } from './errors.ts';
import { snapshot } from './snapshot.ts';

type Fields = { -readonly [Field in keyof CallContext]: CallContext[Field] };

/** Copies that were made here and that nobody can change: they are shared from then on. */
const taken = new WeakSet<object>();

/**
 * The context of a call: `more` before `base`, field by field, out of everybody's reach. Own
 * properties only, so that a polluted prototype lends nobody an identity.
 *
 * @throws {GuardError} `options_invalid` for a principal without an id, and for what is not plain data.
 */
export function mergeContext(base: CallContext, more: CallContext): CallContext {
  const context = Object.assign(Object.create(null) as Fields, base, more);
  const { principal, metadata } = context;
  if (principal !== undefined) context.principal = taken.has(principal) ? principal : person(principal);
  if (metadata !== undefined) context.metadata = take('metadata', metadata);
  return Object.freeze(context);
}

function person(given: NonNullable<CallContext['principal']>): NonNullable<CallContext['principal']> {
  const principal = take('principal', given);
  const { id, tenant, roles } = principal;
  if (typeof id !== 'string') throw invalid('principal needs an id, which is text');
  if (tenant !== undefined && typeof tenant !== 'string') throw invalid('principal.tenant has to be text');
  if (roles !== undefined && !isTexts(roles)) throw invalid('principal.roles has to be a list of texts');
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
  return new GuardError('options_invalid', `context: ${what}`, cause === undefined ? {} : { cause });
}
