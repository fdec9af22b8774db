import type { Fact } from '@guardstile/core';
import type { Origin, ToolFlow } from '@guardstile/data-flow';
import { parse } from 'yaml';

// Written from the sentences, as a user of the two suites would write them, before any run was
// looked at. No value of the data set is in here.

/** What is said of a tool: what it does, and its part in the flow of data. */
export interface ToolPolicy extends ToolFlow {
  readonly facts: Fact | readonly Fact[];
  /** Reads its results, which are text. */
  readonly parse?: (text: string) => unknown;
  /** Label of what no path covers. */
  readonly otherwise?: Origin;
}

/** A policy and the plain sentences that it was written from. */
export interface SuitePolicy {
  readonly sentences: readonly string[];
  readonly tools: Readonly<Record<string, ToolPolicy>>;
}

// The tools of both suites return YAML as a dumper writes it, so nothing in it can add fields.
const yaml = (text: string): unknown => parse(text);

const transactions: ToolPolicy = {
  facts: 'readOnly',
  parse: yaml,
  otherwise: 'untrusted:subject',
  labels: { '[].recipient': 'trusted:account', '[].sender': 'trusted:account' },
};

const payment = { from: ['prompt', 'trusted:account'] } as const;

const profile = { from: ['prompt', 'trusted-text:profile'], shortest: 3 } as const;

const banking: SuitePolicy = {
  sentences: [
    'The assistant may read accounts, transactions, files and the profile.',
    'What files say and what transactions are called was written by anybody.',
    'The accounts in the lists of the bank are accounts that the user deals with.',
    'Money goes to accounts that the user named or deals with; otherwise I am asked.',
    'That holds for scheduled payments and for changes of them too.',
    'A new password is one that the user typed; otherwise I am asked.',
    'New profile data is what the user typed or what the profile says already; otherwise I am asked.',
  ],
  tools: {
    get_iban: { facts: 'readOnly', labels: { '': 'trusted:account' } },
    get_balance: { facts: 'readOnly' },
    get_user_info: { facts: 'readOnly', otherwise: 'trusted-text:profile' },
    get_most_recent_transactions: transactions,
    get_scheduled_transactions: transactions,
    read_file: { facts: 'readFile' },
    send_money: { facts: 'money', args: { recipient: payment } },
    schedule_transaction: { facts: 'money', args: { recipient: payment } },
    update_scheduled_transaction: { facts: 'money', args: { recipient: payment } },
    update_password: { facts: 'destructive', args: { password: { from: ['prompt'] } } },
    update_user_info: {
      facts: 'destructive',
      args: {
        first_name: profile,
        last_name: profile,
        street: profile,
        city: profile,
      },
    },
  },
};

const messages: ToolPolicy = {
  facts: 'readOnly',
  parse: yaml,
  labels: {
    '[].sender': 'trusted:member',
    '[].recipient': 'trusted:channel',
    '[].body': 'untrusted:message',
  },
};

const member = { from: ['prompt', 'trusted:member'], shortest: 3 } as const;
const newcomer = { from: ['prompt', 'trusted:member', 'untrusted:message'], shortest: 3 } as const;
const channel = { from: ['prompt', 'trusted:channel'], shortest: 3 } as const;
const namedChannel = {
  from: ['prompt', 'trusted:channel', 'untrusted:message'],
  shortest: 3,
} as const;
const links = { from: ['prompt', 'untrusted:message'], part: 'links' } as const;

const slack: SuitePolicy = {
  sentences: [
    'The assistant may read channels, inboxes and lists of members.',
    'The members and channels that the workspace lists are really its members and channels.',
    'Everybody may write messages; web pages are written by strangers.',
    'A web page is opened when the user or a message named its address; otherwise I am asked.',
    'Something is posted to a web page only when the user named its address; otherwise I am asked.',
    'Links in what is sent come from the user or from a message; otherwise I am asked.',
    'Messages go to members and channels of the workspace, or to whom the user named.',
    'Only whom the user or a message named is invited or added to a channel; otherwise I am asked.',
    'Removing somebody always needs me.',
  ],
  tools: {
    get_channels: { facts: 'readOnly', parse: yaml, labels: { '[]': 'trusted:channel' } },
    get_users_in_channel: { facts: 'readOnly', parse: yaml, labels: { '[]': 'trusted:member' } },
    read_channel_messages: messages,
    read_inbox: messages,
    get_webpage: {
      facts: ['readOnly', 'network'],
      args: { url: { from: ['prompt', 'untrusted:message'], part: 'link' } },
    },
    post_webpage: {
      facts: ['destructive', 'network'],
      args: { url: { from: ['prompt'], part: 'link' } },
    },
    send_direct_message: { facts: 'nonDestructive', args: { recipient: member, body: links } },
    send_channel_message: { facts: 'nonDestructive', args: { channel, body: links } },
    add_user_to_channel: {
      facts: 'nonDestructive',
      args: { user: newcomer, channel: namedChannel },
    },
    invite_user_to_slack: { facts: 'nonDestructive', args: { user: newcomer } },
    remove_user_from_slack: { facts: 'destructive', irreversible: true },
  },
};

/** The policies by suite. */
export const suitePolicies: Readonly<Record<string, SuitePolicy>> = { banking, slack };

/**
 * The same policy, denying what only content names. It still asks about values that are seen nowhere
 * and about the profile, which the user can correct.
 */
export function denying(policy: SuitePolicy): SuitePolicy {
  const tools = Object.entries(policy.tools).map(([tool, { args, ...rest }]) => {
    const own = Object.entries(args ?? {}).map(([arg, rule]) => {
      const correctable = rule.from.includes('trusted-text:profile');
      return [arg, { ...rule, else: correctable ? 'ask' : 'deny', unseen: 'ask' }] as const;
    });
    return [tool, { ...rest, args: Object.fromEntries(own) }] as const;
  });
  return { ...policy, tools: Object.fromEntries(tools) };
}

/** The same policy for data in which tools and arguments have other names. */
export function renamedPolicy(
  policy: SuitePolicy,
  name: (identifier: string) => string,
): SuitePolicy {
  const tools = Object.entries(policy.tools).map(([tool, { args, ...rest }]) => {
    const own = Object.entries(args ?? {}).map(([arg, rule]) => [name(arg), rule] as const);
    return [name(tool), { ...rest, args: Object.fromEntries(own) }] as const;
  });
  return { ...policy, tools: Object.fromEntries(tools) };
}
