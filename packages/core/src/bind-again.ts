import { type Guard, sameGuard } from './guard.ts';

/**
 * The guard to bind to what it stands before already. One that names nobody does not take away on
 * whose behalf that acts; one that names somebody takes nothing along to them.
 */
export function bindAgain(before: Guard | undefined, now: Guard): Guard {
  const named = now.context.principal !== undefined;
  if (before === undefined || before === now || named || !sameGuard(before, now)) return now;
  return Object.keys(before.context).length === 0 ? now : before.with(now.context);
}
