import { GuardError, type GuardErrorCode, type ToolCall } from '@guardstile/core';
import type { ThrownError } from './protocol.mts';

/** How a call in a process of its own ended. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly cause: unknown }
  | { readonly kind: Failure; readonly reason: string };

/** What kept a call from ending by itself. */
export type Failure = 'unavailable' | 'refused' | 'timeout' | 'memory' | 'crashed' | 'output';

export const CODES: Readonly<Record<Failure, GuardErrorCode>> = {
  unavailable: 'sandbox_unavailable',
  refused: 'sandbox_refused',
  timeout: 'timeout',
  memory: 'sandbox_memory',
  crashed: 'sandbox_crashed',
  output: 'sandbox_output',
};

/**
 * What the tool returned.
 *
 * @throws What the tool threw, or a {@link GuardError} that says how it was ended.
 */
export function valueOf(outcome: Outcome, { tool, rid }: ToolCall): unknown {
  switch (outcome.kind) {
    case 'value':
      return outcome.value;
    case 'threw':
      throw outcome.error;
    case 'aborted':
      throw outcome.cause;
    default:
      throw new GuardError(CODES[outcome.kind], outcome.reason, { tool: tool.name, rid });
  }
}

/** An error of a child as one of this process. It cannot pass for one of the guard's own. */
export function errorOf({
  name,
  message,
  stack,
  code,
}: { [K in keyof ThrownError]-?: unknown }): Error {
  const error = new Error(
    typeof message === 'string' ? message : 'it threw an error without a message',
  );
  const value = typeof name === 'string' && name !== 'GuardError' ? name : 'Error';
  Object.defineProperty(error, 'name', { value, configurable: true, writable: true });
  if (typeof stack === 'string') error.stack = stack;
  return typeof code === 'string' ? Object.assign(error, { code }) : error;
}
