import { GuardError } from '@guardstile/core';

/** What one call may use. */
export interface CallLimits {
  /** How long it may take, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
  /** Memory of the tool, in megabytes; the runtime itself comes on top. @default 256 */
  readonly memoryMb?: number;
  /** Largest result, in bytes of JSON. @default 1_048_576 */
  readonly maxOutputBytes?: number;
}

export type Limits = Required<CallLimits>;

const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * @throws {GuardError} `options_invalid`: a limit of zero would permit nothing and a missing one everything.
 */
export function limitsOf(
  what: string,
  given: CallLimits,
  { timeoutMs, memoryMb, maxOutputBytes }: Limits = {
    timeoutMs: 30_000,
    memoryMb: 256,
    maxOutputBytes: 1_048_576,
  },
): Limits {
  return {
    timeoutMs: positive(what, 'timeoutMs', given.timeoutMs ?? timeoutMs, LONGEST_TIMER),
    memoryMb: positive(what, 'memoryMb', given.memoryMb ?? memoryMb, 1_048_576),
    maxOutputBytes: positive(
      what,
      'maxOutputBytes',
      given.maxOutputBytes ?? maxOutputBytes,
      2 ** 29,
    ),
  };
}

/** A limit that is a number above zero. */
export function positive(what: string, name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value > 0 && value <= most) return value;
  throw new GuardError(
    'options_invalid',
    `${what}: ${name} has to be a number above 0 and at most ${most}; leave it out for the default`,
  );
}
