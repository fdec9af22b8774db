import type { OutcomeStatus } from '../audit/entry.ts';
import { deadline } from '../deadline.ts';

/** What became of a body that was waited for. */
export type BodyResult =
  | { readonly status: 'ok'; readonly value: unknown }
  | {
      readonly status: Extract<OutcomeStatus, 'error' | 'timeout' | 'unknown'>;
      readonly error: unknown;
    };

/** How long a body may be waited for, and who is told when it settles after all. */
export interface BodyLimits {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Tells the body that its time is over; gives the error for everybody else. */
  readonly expire: () => unknown;
  readonly late: (status: 'ok' | 'error', error?: unknown) => void;
}

/**
 * Waits for a running body until it settles, its time is over, or the call is aborted. A body that
 * reacts to the abort itself, at once, settles as it likes; any other is waited for no longer.
 */
export function waitForBody(body: PromiseLike<unknown>, limits: BodyLimits): Promise<BodyResult> {
  const { timeoutMs, signal } = limits;
  return new Promise((resolve) => {
    let over = false;
    let cancel: (() => void) | undefined;

    function settle(result: BodyResult): void {
      over = true;
      cancel?.();
      signal?.removeEventListener('abort', onAbort);
      resolve(result);
    }

    function onAbort(): void {
      setTimeout(() => {
        if (!over) settle({ status: 'unknown', error: signal?.reason });
      }, 0);
    }

    // A thenable of somebody else's might settle twice or throw; a promise of it cannot.
    Promise.resolve(body).then(
      (value) => (over ? limits.late('ok') : settle({ status: 'ok', value })),
      (error: unknown) => (over ? limits.late('error', error) : settle({ status: 'error', error })),
    );
    if (timeoutMs !== undefined) {
      cancel = deadline(timeoutMs, () => settle({ status: 'timeout', error: limits.expire() }));
    }
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
