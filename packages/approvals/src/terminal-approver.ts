import type { Approver } from '@guardstile/core';

import { askAtTerminal } from './ask-at-terminal.ts';
import { autoApprove, readAutoApprove } from './auto-approve.ts';
import { lastApproved } from './last-approved.ts';
import { namesApprovers } from './names-approvers.ts';
import { queueOf } from './prompt-queue.ts';
import { readOptions } from './read-options.ts';
import { isTerminal, type Terminal, type TerminalInput, type TerminalOutput } from './terminal.ts';

/** Which terminal, and who sits at it. */
export interface TerminalApproverOptions {
  /** @default process.stdin */
  readonly input?: TerminalInput;
  /** @default process.stderr */
  readonly output?: TerminalOutput;
  /** Who sits at the terminal, for asks that name approvers. @default the requester */
  readonly voter?: NonNullable<Approver['voter']>;
}

const NO_TERMINAL =
  'there is no terminal to ask at; run it in one, pass createGuard({ approver }) another approver, or set GUARDSTILE_AUTO_APPROVE=1 to approve without a person';

/**
 * Asks the person at the terminal, one ask after the other. Without a terminal it abstains, so that
 * nothing runs unless somebody else approves.
 * `GUARDSTILE_AUTO_APPROVE`, read once here, stands in for that person where nobody else is named.
 *
 * @example
 * const guard = createGuard({ policy: standardPolicy(), approver: terminalApprover() });
 *
 * @throws {GuardError} `options_invalid`.
 */
export function terminalApprover(options: TerminalApproverOptions = {}): Approver {
  const { input = process.stdin, output = process.stderr, voter } = readOptions(options);
  const terminal: Terminal = { input, output };
  const known = voter === undefined ? {} : { voter };
  if (readAutoApprove()) {
    return Object.freeze<Approver>({
      name: 'terminal:auto-approve',
      ...known,
      accepts: (requirements) => !namesApprovers(requirements),
      ask: autoApprove,
    });
  }
  const last = lastApproved();
  return Object.freeze<Approver>({
    name: 'terminal',
    ...known,
    accepts: (requirements) => voter !== undefined || !namesApprovers(requirements),
    ask(request, { signal }) {
      if (!isTerminal(terminal)) return { verdict: 'abstain', note: NO_TERMINAL };
      return queueOf(input).run(signal, () => askAtTerminal(terminal, request, signal, last));
    },
  });
}
