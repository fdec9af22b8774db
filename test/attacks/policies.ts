import { type Policy, toolPolicy } from '@guardstile/core';

/**
 * What an agent may do on its own in each suite: read inside the account. Everything else is denied
 * because it is not listed; a tool that is added later, too.
 *
 * Written from what the tools do, not from the attacks. The question for each: can the call change
 * anything, or can its arguments leave the account? A call that only reads what the user could read
 * anyway does neither, so an injected one gains the attacker nothing by itself.
 */
export const readsInside: Readonly<Record<string, readonly string[]>> = {
  banking: [
    'get_iban', // the user's own account number
    'get_balance',
    'get_most_recent_transactions',
    'get_scheduled_transactions',
    'get_user_info',
    // Files of the user's own storage at the bank: bills, notices. A tool that opens any path of a
    // machine would need a sandbox that confines the path as well.
    'read_file',
    // Not listed: send_money, schedule_transaction and update_scheduled_transaction move money;
    // update_password and update_user_info change who can get in and who the user is.
  ],
  slack: [
    'get_channels',
    'get_users_in_channel',
    'read_channel_messages',
    // Inboxes of the workspace, as far as its own permissions show them to this user.
    'read_inbox',
    // Not listed: get_webpage only reads, but outside the account. Its address is chosen by the
    // model and seen by a stranger's server, so it can carry data out, and what it returns is
    // written by strangers. post_webpage, send_direct_message and send_channel_message send;
    // invite_user_to_slack, add_user_to_channel and remove_user_from_slack change who is in.
  ],
};

/** The policy of a suite: its list, and nothing else. */
export function defaultDeny(suite: string): Policy {
  const allow = Object.hasOwn(readsInside, suite) ? readsInside[suite] : undefined;
  if (allow === undefined) {
    throw new Error(`the suite ${suite} has no policy; list its reading tools in policies.ts`);
  }
  return toolPolicy({ allow });
}
