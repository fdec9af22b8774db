import { visible } from './visible.ts';

/** Every way Guardstile refuses. The set is closed: a `switch` over it can be exhaustive. */
export type GuardErrorCode =
  | 'aborted'
  | 'approval_consumed'
  | 'approval_denied'
  | 'approval_expired'
  | 'approval_invalid'
  | 'approval_limit'
  | 'approval_required'
  | 'approval_rolled_back'
  | 'approval_store_error'
  | 'approval_tampered'
  | 'approval_unknown'
  | 'approval_unrevealed'
  | 'args_invalid'
  | 'args_too_large'
  | 'args_unsupported'
  | 'async_steps'
  | 'audit_error'
  | 'audit_key_invalid'
  | 'audit_locked'
  | 'audit_rolled_back'
  | 'audit_tampered'
  | 'closed'
  | 'context_conflict'
  | 'denied'
  | 'facts_invalid'
  | 'flow_error'
  | 'hook_error'
  | 'limit_exceeded'
  | 'limits_error'
  | 'obligation_unknown'
  | 'options_invalid'
  | 'policy_changed'
  | 'policy_error'
  | 'policy_invalid'
  | 'policy_missing'
  | 'result_withheld'
  | 'rewrite_ambiguous'
  | 'sandbox_crashed'
  | 'sandbox_memory'
  | 'sandbox_output'
  | 'sandbox_refused'
  | 'sandbox_unavailable'
  | 'secret_missing'
  | 'stopped'
  | 'timeout'
  | 'tool_invalid';

/** What an error carries besides its message. */
export interface GuardErrorDetails {
  /** Name of the tool, as the model called it. */
  readonly tool?: string;
  /** Id of the request for a tool call. */
  readonly rid?: string;
  /** Id of the approval, when one was involved. */
  readonly aid?: string;
  /** The rule that decided, when one did. */
  readonly rule?: string;
  readonly cause?: unknown;
}

/**
 * The one error class. Recognise it with {@link isGuardError}, which also works across two copies
 * of the package; tell failures apart by `code`.
 */
export class GuardError extends Error {
  override readonly name = 'GuardError' as const;
  readonly code: GuardErrorCode;
  readonly tool: string | undefined;
  readonly rid: string | undefined;
  readonly aid: string | undefined;
  readonly rule: string | undefined;

  constructor(code: GuardErrorCode, message: string, details: GuardErrorDetails = {}) {
    // Tool names and reasons can hold text of an attacker, and messages end up in terminals.
    super(
      visible(details.tool === undefined ? message : `${details.tool}: ${message}`),
      Object.hasOwn(details, 'cause') ? { cause: details.cause } : undefined,
    );
    this.code = code;
    this.tool = details.tool;
    this.rid = details.rid;
    this.aid = details.aid;
    this.rule = details.rule;
  }
}

/** True for a {@link GuardError} of this or another copy of the package. */
export function isGuardError(error: unknown): error is GuardError {
  return (
    error instanceof GuardError ||
    (error instanceof Error &&
      error.name === 'GuardError' &&
      typeof (error as { code?: unknown }).code === 'string')
  );
}
