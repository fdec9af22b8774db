import type { ApprovalView } from '../inbox/approval-view.ts';
import { escaped, plain, section, type SlackBlock, slackText } from './slack-text.ts';

/** What a submitted question is called in what Slack sends back. */
export const VOTE_VIEW = 'guardstile.vote';
export const NOTE_BLOCK = 'note';

/** A question with everything that will run in it; it is about exactly what it shows. */
export function voteView(approval: ApprovalView, verdict: 'approve' | 'deny'): SlackBlock {
  const { aid, bindings, hidden } = approval;
  const { blocks, whole } = slackText(approval);
  if (verdict === 'approve' && (!whole || hidden.length > 0)) {
    return noticeView('Not all of it can be shown here; approve it elsewhere.');
  }
  return {
    type: 'modal',
    callback_id: VOTE_VIEW,
    private_metadata: JSON.stringify({ aid, digest: bindings.digest, verdict }),
    title: plain(verdict === 'approve' ? 'Approve this call?' : 'Deny this call?'),
    submit: plain(verdict === 'approve' ? 'Approve' : 'Deny'),
    close: plain('Back'),
    blocks: [
      ...blocks,
      {
        type: 'input',
        block_id: NOTE_BLOCK,
        optional: true,
        label: plain(verdict === 'approve' ? 'Note' : 'What should the agent be told?'),
        element: {
          type: 'plain_text_input',
          action_id: NOTE_BLOCK,
          multiline: true,
          max_length: 2000,
        },
      },
    ],
  };
}

/** Nothing to answer, only to read. */
export function noticeView(text: string): SlackBlock {
  return {
    type: 'modal',
    title: plain('Approval'),
    close: plain('Close'),
    blocks: [section(escaped(text))],
  };
}
