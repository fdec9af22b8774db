import {
  type ApprovalStore,
  createRedactor,
  type Guard,
  GuardError,
  type Logger,
  ownOptions,
  type RedactOptions,
} from '@guardstile/core';

import { type ApprovalView, viewOf } from '../inbox/approval-view.ts';
import { messageOf } from '../message-of.ts';
import type { Channel, DeadLetter } from './channel.ts';
import { delivery } from './delivery.ts';

/** Which approvals go where. Only the store and the channels have no default. */
export interface AttachChannelsOptions {
  /** The store that the guards use. */
  readonly approvals: ApprovalStore;
  /** A guard of this process, for a store that tells nobody of changes. */
  readonly guard?: Pick<Guard, 'on'>;
  readonly channels: readonly Channel[];
  /** How often a message is tried again. @default 6 */
  readonly retries?: number;
  /** Before the second attempt, in milliseconds; doubled each time. @default 1000 */
  readonly backoffMs?: number;
  /** Between attempts at most, unless the other side asks for more. @default 60_000 */
  readonly maxBackoffMs?: number;
  /** How long one attempt may take, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /** Told of what was given up. @default the logger is */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** What to hide beside what is hidden anyway: the same as for the guard. */
  readonly redact?: RedactOptions;
  readonly logger?: Logger;
}

const KNOWN = [
  'approvals',
  'guard',
  'channels',
  'retries',
  'backoffMs',
  'maxBackoffMs',
  'timeoutMs',
  'onDeadLetter',
  'redact',
  'logger',
] as const satisfies ReadonlyArray<keyof AttachChannelsOptions>;

const PAGE = 100;
/** Between two looks at the whole store, for hints that name no approval. */
const LOOK_MS = 1000;

/**
 * Tells channels of approvals from now on, and of those that are open already. A channel that fails is
 * tried again, and reaches neither another channel nor a call. Returns its undo.
 *
 * @example
 * const detach = attachChannels({ approvals, channels: [webhookChannel({ url, secret })] });
 *
 * @throws {GuardError} `options_invalid`.
 */
export function attachChannels(options: AttachChannelsOptions): () => void {
  const own = ownOptions('attachChannels', options, KNOWN, 'options_invalid');
  const { approvals, guard, channels, redact = {}, logger } = own;
  if (!Array.isArray(own.channels) || typeof approvals !== 'object') {
    throw new GuardError('options_invalid', 'attachChannels: pass approvals and channels');
  }
  const redactor = createRedactor(redact);
  const done = new AbortController();
  const { signal } = done;
  const warn = (what: string, error: unknown): void => logger?.warn(`${what}: ${messageOf(error)}`);

  const settings = {
    retries: numberOf('retries', own.retries, 6),
    backoffMs: numberOf('backoffMs', own.backoffMs, 1000),
    maxBackoffMs: numberOf('maxBackoffMs', own.maxBackoffMs, 60_000),
    timeoutMs: numberOf('timeoutMs', own.timeoutMs, 10_000),
    onDeadLetter(letter: DeadLetter) {
      warn(`channel "${letter.channel}" gave up on ${letter.approval.aid}`, letter.error);
      try {
        own.onDeadLetter?.(letter);
      } catch (error) {
        warn('onDeadLetter failed', error);
      }
    },
  };
  const deliveries = channels.map((channel) => delivery(channel, settings, signal));

  /** What the channels were told is open, and when time may have changed that. */
  const open = new Map<string, number>();

  function tell(approval: ApprovalView): void {
    if (signal.aborted) return;
    const { aid, state, expiresAt, requirements } = approval;
    const at =
      requirements.onExpiry === 'park' ? Infinity : Math.max(expiresAt, Date.now() + LOOK_MS);
    if (state === 'pending') open.set(aid, at);
    else open.delete(aid);
    for (const one of deliveries) one.want(approval);
    if (state === 'pending') expiry.at(at);
  }

  async function look(aid: string): Promise<void> {
    const approval = await approvals.get(aid);
    if (approval !== undefined && approval !== null) tell(viewOf(approval, redactor));
    else open.delete(aid);
  }

  async function lookAtAll(): Promise<void> {
    const gone = new Set(open.keys());
    let after: string | undefined;
    do {
      const from = after === undefined ? {} : { after };
      const page = await approvals.list({ state: 'pending', limit: PAGE, ...from });
      for (const approval of page) {
        gone.delete(approval.aid);
        tell(viewOf(approval, redactor));
      }
      after = page.length < PAGE ? undefined : page.at(-1)?.aid;
    } while (after !== undefined && !signal.aborted);
    for (const aid of gone) await look(aid);
  }

  const attempt = (work: Promise<void>): void => {
    work.catch((error: unknown) => warn('channels cannot look into the store', error));
  };

  const later = onceIn(LOOK_MS, signal, () => attempt(lookAtAll()));
  function hint(aid?: string): void {
    if (aid === undefined) later.soon();
    else attempt(look(aid));
  }

  // No store tells that time has passed.
  const expiry = wakeUp(signal, () => {
    const now = Date.now();
    for (const [aid, at] of open) {
      if (at <= now) attempt(look(aid));
      else expiry.at(at);
    }
  });

  const undo = [
    approvals.subscribe?.(hint),
    guard?.on('approval.requested', ({ aid }) => hint(aid)),
    guard?.on('approval.resolved', ({ aid }) => hint(aid)),
  ];
  attempt(lookAtAll());
  return () => {
    done.abort();
    for (const stop of undo) stop?.();
    open.clear();
  };
}

const LONGEST_TIMER = 2_147_483_647;

/** Runs the work at the earliest of the moments that it is told, then forgets all of them. */
function wakeUp(signal: AbortSignal, work: () => void): { at(moment: number): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return {
    at(moment) {
      if (moment >= due || signal.aborted) return;
      clearTimeout(timer);
      due = moment;
      const ms = Math.min(Math.max(moment - Date.now(), 0), LONGEST_TIMER);
      timer = setTimeout(() => {
        due = Infinity;
        work();
      }, ms);
      timer.unref();
    },
  };
}

/** Runs the work once for many hints, and again for those that came meanwhile. */
function onceIn(ms: number, signal: AbortSignal, work: () => void): { soon(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return {
    soon() {
      if (timer !== undefined || signal.aborted) return;
      timer = setTimeout(
        () => {
          timer = undefined;
          last = Date.now();
          work();
        },
        Math.min(Math.max(last + ms - Date.now(), 0), ms),
      );
      timer.unref();
    },
  };
}

function numberOf(name: string, value: number | undefined, otherwise: number): number {
  const given = value ?? otherwise;
  if (Number.isFinite(given) && given >= 0) return given;
  throw new GuardError('options_invalid', `attachChannels: ${name} has to be a number`);
}
