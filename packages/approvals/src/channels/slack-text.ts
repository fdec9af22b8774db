import { describeApproval } from '../describe-approval.ts';
import type { ApprovalView } from '../inbox/approval-view.ts';

/** Longest text of a block is 3,000 characters; escapes count. */
const LONGEST_BLOCK = 2900;
const MOST_BLOCKS = 12;
const COLUMNS = 90;

/** A block of a message or a view. */
export type SlackBlock = Readonly<Record<string, unknown>>;

/** What a person has to read, as blocks. */
export interface SlackText {
  readonly blocks: readonly SlackBlock[];
  /** Whether all of it is there. */
  readonly whole: boolean;
}

/**
 * A text that Slack shows as it stands: no mention, no link, no markup. Control, format and bidi
 * characters in it are visible already.
 */
export function escaped(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // Nothing else ends the block of code that it stands in.
      .replaceAll('`', '\\u{60}')
  );
}

/** The approval as at a terminal, in blocks of code. */
export function slackText(approval: ApprovalView): SlackText {
  const lines = describeApproval(approval, { columns: COLUMNS }).trimEnd().split('\n').map(escaped);
  const texts: string[] = [];
  let text = '';
  for (const line of lines) {
    if (text !== '' && text.length + line.length >= LONGEST_BLOCK) {
      texts.push(text);
      text = '';
    }
    text += `${line}\n`;
  }
  texts.push(text);
  const blocks = texts.slice(0, MOST_BLOCKS).map((part) => section(`\`\`\`\n${part}\`\`\``));
  return { blocks, whole: texts.length <= MOST_BLOCKS };
}

export function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

export function plain(text: string): SlackBlock {
  return { type: 'plain_text', text, emoji: false };
}
