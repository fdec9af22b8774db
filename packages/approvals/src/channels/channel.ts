import type { MaybePromise } from '@guardstile/core';

import type { ApprovalView } from '../inbox/approval-view.ts';

/** What a channel is asked to do. */
export type ChannelStep = 'open' | 'update' | 'close';

/**
 * Tells people of approvals, elsewhere. It decides nothing: answers come back through an inbox. Each
 * method may be called again for the same version after a failure. An error with `retryable: false`
 * is final; `retryAfterMs` says when to try again.
 */
export interface Channel {
  readonly name: string;
  /** Somebody has to answer. */
  open(approval: ApprovalView, signal: AbortSignal): MaybePromise<void>;
  /** It was voted on or edited, and still waits. */
  update(approval: ApprovalView, signal: AbortSignal): MaybePromise<void>;
  /** It does not wait for answers any more. */
  close(approval: ApprovalView, signal: AbortSignal): MaybePromise<void>;
}

/** What a channel did not get rid of. */
export interface DeadLetter {
  readonly channel: string;
  readonly step: ChannelStep;
  readonly approval: ApprovalView;
  readonly attempts: number;
  readonly error: unknown;
}

/** How a failure of a channel is treated. */
export interface ChannelFailure {
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

/** An error that says how it is to be treated. */
export function channelError(message: string, failure: ChannelFailure): Error {
  return Object.assign(new Error(message), failure);
}

/** What an error says of how it is to be treated; whatever says nothing may be tried again. */
export function failureOf(error: unknown): ChannelFailure {
  if (!(error instanceof Error)) return { retryable: true };
  const { retryable, retryAfterMs } = error as Partial<ChannelFailure>;
  return {
    retryable: retryable !== false,
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? { retryAfterMs } : {}),
  };
}
