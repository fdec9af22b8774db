import { GuardError, type Hooks, type LimitClaim, ownOptions } from '@guardstile/core';

/** How often an agent may repeat itself. */
export interface LoopOptions {
  /** How often the same tool may run with the same arguments in one session. @default 3 */
  readonly max?: number;
  /** Within this time, in milliseconds. @default 10 minutes */
  readonly windowMs?: number;
}

const TEN_MINUTES = 600_000;

/**
 * Hooks that stop an agent which makes the same call again and again: a limit on every call, counted
 * where the guard's limits are.
 *
 * @throws {GuardError} `options_invalid`.
 *
 * @example
 * const guard = createGuard({ policy, hooks: loopHooks({ max: 3 }) });
 */
export function loopHooks(given: LoopOptions = {}): Hooks {
  const known = ['max', 'windowMs'] as const;
  const { max = 3, windowMs = TEN_MINUTES } = ownOptions(
    'loopHooks',
    given,
    known,
    'options_invalid',
  );
  if (!Number.isSafeInteger(max) || max < 1 || !Number.isFinite(windowMs) || windowMs <= 0) {
    throw new GuardError(
      'options_invalid',
      'loopHooks: max has to be a whole number above 0, and windowMs a time above 0 in milliseconds',
    );
  }
  const limit: LimitClaim = Object.freeze({
    id: 'loop',
    max,
    windowMs,
    per: 'session',
    same: 'call',
  });
  return { name: 'loop', preTool: () => ({ effect: 'allow', limits: [limit] }) };
}
