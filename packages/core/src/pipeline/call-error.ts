import { GuardError, type GuardErrorCode } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import type { CallState } from './call-state.ts';

/** What the guard itself has against a call. */
export function callError(state: CallState, code: GuardErrorCode, message: string): GuardError {
  return new GuardError(code, message, { tool: state.call.tool.name, rid: state.rid });
}

/** Errors that parts of the guard made say which tool they are about. */
export function named(state: CallState, error: unknown): unknown {
  if (!(error instanceof GuardError) || error.tool !== undefined) return error;
  const { code, cause } = error;
  return new GuardError(code, messageOf(error), {
    tool: state.call.tool.name,
    rid: state.rid,
    ...(cause === undefined ? {} : { cause }),
  });
}
