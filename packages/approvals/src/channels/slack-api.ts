import { GuardError } from '@guardstile/core';

import { channelError } from './channel.ts';
import { checkedUrl } from './checked-url.ts';
import { type Fetch, post } from './post.ts';

/** Slack's Web API, as far as it is needed here. */
export type SlackApi = (
  method: 'chat.postMessage' | 'chat.update' | 'views.open',
  body: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
) => Promise<Readonly<Record<string, unknown>>>;

/** How Slack is reached. */
export interface SlackApiOptions {
  /** A bot token, `xoxb-…`. */
  readonly token: string;
  /** @default 'https://slack.com/api/' */
  readonly apiUrl?: string | URL;
  /** @default fetch */
  readonly fetch?: Fetch;
}

/** What Slack answers when the same may work later. */
const LATER: readonly unknown[] = [
  'fatal_error',
  'internal_error',
  'ratelimited',
  'request_timeout',
  'service_unavailable',
];

/** @throws {GuardError} `options_invalid`. */
export function slackApi(
  who: string,
  { token, apiUrl = 'https://slack.com/api/', fetch: fetcher = fetch }: SlackApiOptions,
): SlackApi {
  const base = checkedUrl(who, apiUrl);
  if (typeof token !== 'string' || token === '') {
    throw new GuardError('options_invalid', `${who}: pass a bot token, such as xoxb-…`);
  }
  return async (method, body, signal) => {
    const response = await post(fetcher, new URL(method, base), {
      body: JSON.stringify(body),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json; charset=utf-8',
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    const own: Readonly<Record<string, unknown>> = Object.assign({}, answer);
    if (own['ok'] === true) return own;
    const error = own['error'];
    throw channelError(`Slack refused ${method}: ${String(error)}`, {
      retryable: error === undefined || LATER.includes(error),
    });
  };
}
