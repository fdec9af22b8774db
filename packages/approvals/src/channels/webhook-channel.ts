import { GuardError, ownOptions } from '@guardstile/core';

import { describeApproval } from '../describe-approval.ts';
import type { ApprovalView } from '../inbox/approval-view.ts';
import type { Channel } from './channel.ts';
import { checkedUrl } from './checked-url.ts';
import { type Fetch, post } from './post.ts';
import { readSecrets, signature } from './webhook-signature.ts';

/** Where messages go. Address and secret have no default. */
export interface WebhookChannelOptions {
  /** @default 'webhook' */
  readonly name?: string;
  readonly url: string | URL;
  /** `whsec_` and base64; several while they are changed. */
  readonly secret: string | readonly string[];
  /** Where a person can look at it and answer. The address itself decides nothing. */
  readonly link?: (approval: ApprovalView) => string;
  /** @default fetch */
  readonly fetch?: Fetch;
}

const KNOWN = ['name', 'url', 'secret', 'link', 'fetch'] as const satisfies ReadonlyArray<
  keyof WebhookChannelOptions
>;

const TYPES = {
  open: 'approval.requested',
  update: 'approval.updated',
  close: 'approval.resolved',
} as const;

/** Longest body that carries the arguments, in characters. */
const LONGEST = 262_144;

/**
 * Posts each change of an approval to an address, signed as Standard Webhooks say. The id of a message
 * stays the same when it is tried again.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function webhookChannel(options: WebhookChannelOptions): Channel {
  const own = ownOptions('webhookChannel', options, KNOWN, 'options_invalid');
  const { name = 'webhook', link, fetch: fetcher = fetch } = own;
  const url = checkedUrl('webhookChannel', own.url);
  const secrets = readSecrets('webhookChannel', own.secret);
  if (typeof fetcher !== 'function') {
    throw new GuardError('options_invalid', 'webhookChannel: fetch is no function');
  }

  const send =
    (type: (typeof TYPES)[keyof typeof TYPES]): Channel['open'] =>
    async (approval, signal) => {
      const id = `${approval.aid}.${approval.version}`;
      const timestamp = String(Math.floor(Date.now() / 1000));
      const body = bodyOf(type, approval, link?.(approval));
      const response = await post(fetcher, url, {
        body,
        signal,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signature(secrets, id, timestamp, body),
        },
      });
      await response.body?.cancel();
    };

  return {
    name,
    open: send(TYPES.open),
    update: send(TYPES.update),
    close: send(TYPES.close),
  };
}

function bodyOf(type: string, approval: ApprovalView, link: string | undefined): string {
  const data = {
    ...approval,
    // For reading: what the arguments hold is made visible in it.
    text: describeApproval(approval),
    ...(link === undefined ? {} : { link }),
  };
  const timestamp = new Date().toISOString();
  const whole = JSON.stringify({ type, timestamp, data });
  if (whole.length <= LONGEST) return whole;
  // The text folds what is long, and names it by its digest.
  const { shown, ...rest } = data;
  void shown;
  return JSON.stringify({ type, timestamp, data: { ...rest, tooLong: true } });
}
