import { drop } from '../drop.ts';
import { GuardError } from '../errors.ts';
import type { Admission } from './admit.ts';
import { abortedError, type CallState, currentPolicy } from './call-state.ts';

/**
 * The last look, synchronously before the body starts: what was decided must still hold.
 *
 * @throws {GuardError} `aborted`, `stopped`, `closed`, `approval_expired` or `policy_changed`.
 */
export function gate(state: CallState, { approval }: Admission): void {
  const { parts, context } = state;
  if (context.signal?.aborted === true) throw abortedError(context.signal);
  if (parts.closed) throw new GuardError('closed', 'the guard was closed before the tool started');
  requireNotStopped(state);
  if (approval !== undefined && approval.expiresAt <= Date.now()) {
    throw new GuardError(
      'approval_expired',
      'its approval expired before it could start; ask again',
      {
        aid: approval.aid,
      },
    );
  }
  if (currentPolicy(state) !== state.policy) {
    throw new GuardError(
      'policy_changed',
      'the policy changed while it was being decided; call again',
    );
  }
}

/** @throws {GuardError} `stopped`. */
export function requireNotStopped(state: CallState): void {
  const reason = stopReason(state);
  if (reason === undefined) return;
  throw new GuardError('stopped', `calls are stopped: ${reason}; release the stop switch to go on`);
}

/** Why calls are stopped, if they are. */
export function stopReason({ parts, context }: CallState): string | undefined {
  if (parts.stopSwitch === undefined) return undefined;
  let reason: unknown;
  try {
    reason = parts.stopSwitch.stopped(context);
  } catch {
    return 'the stop switch cannot be read';
  }
  if (reason === undefined || typeof reason === 'string') return reason;
  drop(reason);
  return 'the stop switch gave no answer that is understood';
}
