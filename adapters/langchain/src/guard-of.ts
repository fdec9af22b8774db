import { type Guard, GuardError } from '@guardstile/core';

const guards = new WeakMap<object, Guard>();

/** Remembers whose guarded tools these are. Returns them. */
export function rememberGuard<T extends object>(tools: T, guard: Guard): T {
  guards.set(tools, guard);
  return tools;
}

/**
 * The guard of tools that `withGuard()` or `guardTool()` returned: for its log, its events, or to
 * close it.
 *
 * @throws {GuardError} `options_invalid` for other tools, a copied list among them.
 */
export function guardOf(tools: object): Guard {
  const guard = guards.get(tools);
  if (guard !== undefined) return guard;
  throw new GuardError(
    'options_invalid',
    'guardOf: these tools did not come out of withGuard(); pass the very object that it returned, or keep the guard from createGuard()',
  );
}
