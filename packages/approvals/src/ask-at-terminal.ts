import { S_BAR_END, select, text } from '@clack/prompts';
import { type ApprovalRequest, type ApproverAnswer, visible } from '@guardstile/core';

import { describeRequest, type View } from './describe-request.ts';
import { FOLDED, UNFOLDED } from './page.ts';
import { pageText } from './page-text.ts';
import { type Answer, prompt } from './prompt.ts';
import type { Terminal, TerminalOutput } from './terminal.ts';

type Choice = 'approve' | 'deny' | 'note' | 'reveal' | 'unfold';

/**
 * Shows the request and waits for the person's answer. Leaving the prompt is a denial; where nobody
 * can answer any more, it abstains.
 *
 * @throws the signal's reason when it aborts.
 */
export async function askAtTerminal(
  terminal: Terminal,
  request: ApprovalRequest,
  signal: AbortSignal,
): Promise<ApproverAnswer> {
  const { output } = terminal;
  try {
    const answer = await answerOf(terminal, request, signal);
    end(output, wordsOf(answer));
    return answer;
  } catch (error) {
    end(
      output,
      signal.aborted
        ? 'The call does not wait for this answer any longer.'
        : 'Not answered: the prompt failed.',
    );
    throw error;
  }
}

async function answerOf(
  terminal: Terminal,
  request: ApprovalRequest,
  signal: AbortSignal,
): Promise<ApproverAnswer> {
  let view: View = {
    room: FOLDED,
    args: request.args,
    hidden: request.hidden.length > 0,
    now: Date.now(),
  };
  for (;;) {
    const page = describeRequest(request, view);
    terminal.output.write(pageText(page, terminal.output.columns));
    const choice = await choose(terminal, signal, request.tool.name, {
      hidden: view.hidden,
      folded: page.folded,
    });
    if (choice.kind !== 'answered') return unanswered(choice);
    switch (choice.value) {
      case 'approve':
        return 'approve';
      case 'deny':
        return 'deny';
      case 'note':
        return denyWithNote(terminal, signal);
      case 'reveal':
        view = { ...view, args: await request.reveal(), hidden: false };
        break;
      case 'unfold':
        view = { ...view, room: UNFOLDED };
        break;
    }
  }
}

function choose(
  terminal: Terminal,
  signal: AbortSignal,
  tool: string,
  { hidden, folded }: { readonly hidden: boolean; readonly folded: boolean },
): Promise<Answer<Choice>> {
  return prompt<Choice>(terminal, signal, (streams) =>
    select<Choice>({
      ...streams,
      message: `Run ${shortName(tool)} once with exactly these arguments?`,
      // A key that was pressed too early, or twice, must not approve.
      initialValue: 'deny',
      options: [
        ...(hidden
          ? [{ value: 'reveal' as const, label: 'Reveal the hidden values (audited)' }]
          : [{ value: 'approve' as const, label: 'Approve' }]),
        { value: 'deny', label: 'Deny' },
        { value: 'note', label: 'Deny with a note' },
        ...(folded ? [{ value: 'unfold' as const, label: 'Show everything that is folded' }] : []),
      ],
    }),
  );
}

async function denyWithNote(terminal: Terminal, signal: AbortSignal): Promise<ApproverAnswer> {
  const note = await prompt<string>(terminal, signal, (streams) =>
    text({ ...streams, message: 'What should the agent be told?' }),
  );
  if (note.kind !== 'answered') return unanswered(note);
  const words = note.value.trim();
  return words === '' ? 'deny' : { verdict: 'deny', note: words };
}

function unanswered({ kind }: { readonly kind: 'cancelled' | 'closed' }): ApproverAnswer {
  return kind === 'cancelled'
    ? { verdict: 'deny', note: 'the prompt was left with Ctrl+C or Escape' }
    : { verdict: 'abstain', note: 'the terminal was closed before anybody answered' };
}

const WORDS = { approve: 'Approved', deny: 'Denied', abstain: 'Not answered' } as const;

function wordsOf(answer: ApproverAnswer): string {
  const { verdict, note } = typeof answer === 'string' ? { verdict: answer } : answer;
  const word = WORDS[verdict];
  return note === undefined ? `${word}.` : `${word}: ${visible(note)}`;
}

/** Clack counts the lines of its own message, and can miscount what a terminal draws differently. */
function shortName(tool: string): string {
  return /^[\x20-\x7e]{1,60}$/.test(tool) ? tool : 'this tool';
}

function end(output: TerminalOutput, words: string): void {
  output.write(`${S_BAR_END}  ${words}\n`);
}
