import {
  type CallContext,
  digest,
  GuardError,
  type Hooks,
  type Limits,
  memoryLimits,
  ownOptions,
  type ToolCall,
} from '@guardstile/core';

import { sessionText } from './session-history.ts';

/** How often an agent may repeat itself. */
export interface LoopOptions {
  /** How often the same tool may be called with the same arguments in one session. @default 3 */
  readonly max?: number;
  /** Within this time, in milliseconds. @default 10 minutes */
  readonly windowMs?: number;
  /** Top-level arguments that make no other call of it, such as the reason that a model gives. @default [] */
  readonly ignore?: readonly string[];
  /** Where it is counted. @default in the memory of this process */
  readonly limits?: Limits;
}

const TEN_MINUTES = 600_000;
const KNOWN = ['max', 'windowMs', 'ignore', 'limits'] as const satisfies ReadonlyArray<
  keyof LoopOptions
>;

/**
 * Hooks that stop an agent which makes the same call again and again, whether that is allowed, denied
 * or asked about. A call is counted once, by its id: not again when it is resumed or decided anew. A
 * store that fails denies.
 *
 * @throws {GuardError} `options_invalid`.
 *
 * @example
 * const guard = createGuard({ policy, hooks: loopHooks({ max: 3 }) });
 */
export function loopHooks(given: LoopOptions = {}): Hooks {
  const { max, windowMs, ignore, limits } = readOptions(given);
  return {
    name: 'loop',
    async preTool(call, context) {
      const key = keyOf(call, context, ignore);
      const claim = { key, amount: 1, max, windowMs };
      // Never settled: it counts from now on for its window.
      const { ok } = await limits.reserve([claim], digest('loop', [key, call.id]), windowMs);
      if (ok) return undefined;
      const reason = `it was called ${max} times with the same arguments within ${minutes(windowMs)}; the result will be the same, so do something else`;
      return { effect: 'deny', reason, rule: 'loop' };
    },
  };
}

function readOptions(given: LoopOptions): Required<LoopOptions> {
  const own = ownOptions('loopHooks', given, KNOWN, 'options_invalid');
  const { max = 3, windowMs = TEN_MINUTES, ignore = [], limits = memoryLimits() } = own;
  if (!Number.isSafeInteger(max) || max < 1 || !Number.isFinite(windowMs) || windowMs <= 0) {
    throw invalid('max has to be a whole number above 0, and windowMs a time above 0');
  }
  if (!Array.isArray(ignore) || ignore.some((name) => typeof name !== 'string')) {
    throw invalid('ignore has to be a list of names of arguments');
  }
  if (typeof limits?.reserve !== 'function') throw invalid('limits is no store of limits');
  return { max, windowMs, ignore: [...(ignore as readonly string[])], limits };
}

/** What counts as the same call of the same session. */
function keyOf(
  { tool, confined }: ToolCall,
  { principal, session }: CallContext,
  ignore: readonly string[],
): string {
  const who = sessionText({ tenant: principal?.tenant, principal: principal?.id, session });
  return digest('loop', [who, tool.source, tool.name, without(confined, ignore)]);
}

function without(args: unknown, ignore: readonly string[]): unknown {
  if (ignore.length === 0 || typeof args !== 'object' || args === null) return args;
  if (Array.isArray(args)) return args;
  return Object.fromEntries(Object.entries(args).filter(([name]) => !ignore.includes(name)));
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `loopHooks: ${what}`);
}
