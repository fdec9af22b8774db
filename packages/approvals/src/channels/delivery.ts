import type { ApprovalView } from '../inbox/approval-view.ts';
import { type Channel, type ChannelStep, type DeadLetter, failureOf } from './channel.ts';

/** How often and how long a channel is tried. */
export interface DeliveryOptions {
  readonly retries: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly timeoutMs: number;
  readonly onDeadLetter: (letter: DeadLetter) => void;
}

/** Brings one channel up to date, approval by approval. */
export interface Delivery {
  /** The approval as it is now. What is still on its way to an older version goes on to this one. */
  want(approval: ApprovalView): void;
}

interface Sent {
  wanted: ApprovalView;
  /** Version that the channel has; absent: it was never opened there. */
  version: number | undefined;
  /** Version that was given up. */
  dead: number | undefined;
  busy: boolean;
}

/** Ends with the signal: nothing is sent and no timer runs afterwards. */
export function delivery(
  channel: Channel,
  { retries, backoffMs, maxBackoffMs, timeoutMs, onDeadLetter }: DeliveryOptions,
  signal: AbortSignal,
): Delivery {
  const all = new Map<string, Sent>();

  async function attempt(step: ChannelStep, approval: ApprovalView): Promise<void> {
    const own = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    let stop = (): void => {};
    // A channel that does not look at its signal must not hold up what comes behind it.
    const ended = new Promise<never>((_resolve, reject) => {
      const abort = (): void => {
        const reason: unknown = own.reason;
        reject(reason);
      };
      if (own.aborted) abort();
      own.addEventListener('abort', abort, { once: true });
      stop = () => own.removeEventListener('abort', abort);
    });
    try {
      await Promise.race([(async () => channel[step](approval, own))(), ended]);
    } finally {
      stop();
    }
  }

  async function send(sent: Sent): Promise<void> {
    const approval = sent.wanted;
    const step = stepOf(sent);
    for (let attempts = 1; ; attempts += 1) {
      try {
        await attempt(step, approval);
        sent.version = approval.version;
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { retryable, retryAfterMs } = failureOf(error);
        if (!retryable || attempts > retries) {
          sent.dead = approval.version;
          onDeadLetter({ channel: channel.name, step, approval, attempts, error });
          return;
        }
        const usual = Math.min(backoffMs * 2 ** (attempts - 1), maxBackoffMs);
        await pause(Math.min(Math.max(usual, retryAfterMs ?? 0), MOST_WAITED), signal);
        // There is something newer to say.
        if (signal.aborted || sent.wanted !== approval) return;
      }
    }
  }

  async function work(aid: string, sent: Sent): Promise<void> {
    sent.busy = true;
    while (!signal.aborted && isBehind(sent)) await send(sent);
    sent.busy = false;
    if (sent.wanted.state !== 'pending') all.delete(aid);
  }

  return {
    want(approval) {
      const { aid, state, version } = approval;
      let sent = all.get(aid);
      if (sent === undefined) {
        // Nobody was told, and there is nothing to answer any more.
        if (state !== 'pending') return;
        sent = { wanted: approval, version: undefined, dead: undefined, busy: false };
        all.set(aid, sent);
      }
      if (version > sent.wanted.version) sent.wanted = approval;
      if (!sent.busy) void work(aid, sent);
    },
  };
}

const MOST_WAITED = 3_600_000;

function stepOf({ version, wanted }: Sent): ChannelStep {
  if (version === undefined) return 'open';
  return wanted.state === 'pending' ? 'update' : 'close';
}

function isBehind({ version, dead, wanted }: Sent): boolean {
  if (version === undefined && wanted.state !== 'pending') return false;
  return version !== wanted.version && dead !== wanted.version;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    // A message that waits is no reason for a process to stay.
    timer.unref();
    signal.addEventListener('abort', end, { once: true });
  });
}
