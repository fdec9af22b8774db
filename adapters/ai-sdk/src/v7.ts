import type { Guard } from '@guardstile/core';
import type { ToolApprovalConfiguration, ToolSet } from 'ai';

import { type CallOptions, type GuardedOptions, guardOptionsOf } from './guard-options.ts';

/** The SDK's own type of `toolApproval`, for these tools. */
type Approval<T> = T extends ToolSet
  ? ToolApprovalConfiguration<T, Record<string, unknown>>
  : never;

/** What `guardOptions` can be told besides the guard. */
export type GuardCallOptions<T> = CallOptions<keyof T & string, Approval<T>>;

/**
 * What to spread into `generateText`, `streamText` or a `ToolLoopAgent` of ai 7: the guarded tools, a
 * `toolApproval` that denies and asks in the SDK's own way, and `activeTools` without what can never
 * be allowed. `execute` enforces the policy whatever else is passed beside them.
 *
 * @example
 * const tools = withGuard({ readFile, refund }, policy);
 * await generateText({ model, ...guardOptions(tools), prompt });
 *
 * @throws {GuardError} `options_invalid` without a guard, and whatever `withGuard()` throws.
 */
export function guardOptions<const T extends Record<string, object>>(
  tools: T,
  guardOrOptions?: Guard | GuardCallOptions<T>,
): GuardedOptions<T, keyof T & string> {
  return guardOptionsOf(tools, guardOrOptions);
}

export type { CallOptions, GuardedOptions } from './guard-options.ts';
export type { NativeCall } from './native-call.ts';
export type { ToolApprovalStatus } from './native-verdict.ts';
