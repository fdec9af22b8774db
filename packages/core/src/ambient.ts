import type { CallContext, Principal } from './call.ts';
import { GuardError } from './errors.ts';

/**
 * The circumstances of whatever runs right now, carried through asynchronous calls so that nobody
 * has to hand them on. `new AsyncLocalStorage<CallContext>()` of `node:async_hooks` is one.
 */
export interface Ambient {
  /** What holds here, if anything. */
  getStore(): CallContext | undefined;
  /** Runs `fn` where `context` holds, with everything that it starts. */
  run<T>(context: CallContext, fn: () => T): T;
}

/**
 * What holds around a call, to be overridden field by field by what was said explicitly.
 *
 * @throws {GuardError} `context_conflict` when both name a principal, and not the same one: whoever
 * is mistaken, the call would be made on behalf of somebody else.
 */
export function ambientContext(ambient: Ambient, explicit: CallContext): CallContext {
  const context: unknown = ambient.getStore() ?? {};
  if (!isContext(context)) {
    throw new GuardError(
      'options_invalid',
      'the ambient context is no object; store a CallContext',
    );
  }
  const around = Object.hasOwn(context, 'principal') ? context.principal : undefined;
  if (around !== undefined && explicit.principal !== undefined) {
    agree(around, explicit.principal);
  }
  return context;
}

function isContext(value: unknown): value is CallContext {
  return typeof value === 'object' && value !== null;
}

function agree(around: Principal, explicit: Principal): void {
  if (around.id === explicit.id && tenantOf(around) === tenantOf(explicit)) return;
  throw new GuardError(
    'context_conflict',
    'the principal that was passed is not the one on whose behalf the surrounding code runs; pass the same one, or none',
  );
}

function tenantOf(principal: Principal): string | undefined {
  return Object.hasOwn(principal, 'tenant') ? principal.tenant : undefined;
}
