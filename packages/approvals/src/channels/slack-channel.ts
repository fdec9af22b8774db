import { GuardError, ownOptions, visible } from '@guardstile/core';

import type { ApprovalView } from '../inbox/approval-view.ts';
import { type Channel, channelError } from './channel.ts';
import { slackApi, type SlackApiOptions } from './slack-api.ts';
import { escaped, plain, section, type SlackBlock, slackText } from './slack-text.ts';

/** Where messages go. Token and channel have no default. */
export interface SlackChannelOptions extends SlackApiOptions {
  /** @default 'slack' */
  readonly name?: string;
  /** Id of a channel, such as `C0123456789`. */
  readonly channel: string;
  /** Where a person can look at it and answer, beside the buttons. */
  readonly link?: (approval: ApprovalView) => string;
}

const KNOWN = [
  'name',
  'token',
  'channel',
  'link',
  'apiUrl',
  'fetch',
] as const satisfies ReadonlyArray<keyof SlackChannelOptions>;

/** What the buttons are called in what Slack sends back. */
export const SLACK_ACTIONS = {
  approve: 'guardstile.approve',
  deny: 'guardstile.deny',
} as const;

/** Where a message is, so that it can be changed. */
interface Posted {
  readonly channel: string;
  readonly ts: string;
}

const REMEMBERED = 10_000;

/**
 * Posts approvals with buttons, and keeps the messages up to date. A button opens a question and
 * decides nothing by itself; `slackInteractions` takes the answers.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function slackChannel(options: SlackChannelOptions): Channel {
  const own = ownOptions('slackChannel', options, KNOWN, 'options_invalid');
  const { name = 'slack', channel, link } = own;
  const api = slackApi('slackChannel', own);
  if (typeof channel !== 'string' || channel === '') {
    throw new GuardError('options_invalid', 'slackChannel: pass the id of a channel');
  }
  const posted = new Map<string, Posted>();

  function remember(aid: string, message: Posted): void {
    posted.set(aid, message);
    const [oldest] = posted.keys();
    if (posted.size > REMEMBERED && oldest !== undefined) posted.delete(oldest);
  }

  const change: Channel['update'] = async (approval, signal) => {
    const message = posted.get(approval.aid);
    if (message === undefined) return;
    await api('chat.update', { ...message, ...messageOf(approval, link?.(approval)) }, signal);
  };

  return {
    name,
    async open(approval, signal) {
      const message = messageOf(approval, link?.(approval));
      const quiet = { unfurl_links: false, unfurl_media: false };
      const answer = await api('chat.postMessage', { channel, ...quiet, ...message }, signal);
      const { channel: where, ts } = answer;
      if (typeof where !== 'string' || typeof ts !== 'string') {
        throw channelError('Slack did not say where the message is', { retryable: false });
      }
      remember(approval.aid, { channel: where, ts });
    },
    update: change,
    async close(approval, signal) {
      await change(approval, signal);
      posted.delete(approval.aid);
    },
  };
}

const ENDS: Readonly<Record<ApprovalView['state'], string>> = {
  pending: 'Approval needed',
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Expired: nobody answered in time',
  cancelled: 'Called off',
  consumed: 'Approved, and used',
};

function messageOf(
  approval: ApprovalView,
  link: string | undefined,
): { readonly text: string; readonly blocks: readonly SlackBlock[] } {
  const { state, bindings } = approval;
  const text = `${ENDS[state]}: ${escaped(visible(bindings.tool.name)).slice(0, 200)}`;
  const { blocks, whole } = slackText(approval);
  return {
    text,
    blocks: [
      section(text),
      ...blocks,
      ...(state === 'pending' ? answersOf(approval, whole) : []),
      ...(link === undefined ? [] : [section(linkTo(link))]),
    ],
  };
}

/** @throws for what is no address of a page. */
function linkTo(address: string): string {
  const url = URL.parse(address);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw channelError('a link has to be the address of a page', { retryable: false });
  }
  return `<${escaped(url.href).replaceAll('|', '%7C')}|Look at it, and answer, elsewhere>`;
}

/** What cannot be read here as a whole cannot be approved here. */
function answersOf({ aid, bindings, hidden }: ApprovalView, whole: boolean): readonly SlackBlock[] {
  const value = JSON.stringify({ aid, digest: bindings.digest });
  const button = (action: string, label: string): SlackBlock => ({
    type: 'button',
    action_id: action,
    text: plain(label),
    value,
  });
  const mayApprove = whole && hidden.length === 0;
  const why = whole ? 'has hidden values' : 'is too long to be shown here';
  return [
    ...(mayApprove ? [] : [section(`It ${why}, and can be approved elsewhere only.`)]),
    {
      type: 'actions',
      elements: [
        ...(mayApprove ? [button(SLACK_ACTIONS.approve, 'Approve…')] : []),
        button(SLACK_ACTIONS.deny, 'Deny…'),
      ],
    },
  ];
}
